//! The settings key: everything that decides what a bank contains.

/// Raised when the law from settings to bank changes, so that a kept bank is known to be of another law.
pub const SETTINGS_VERSION: u32 = 1;

/// What a bank is a pure function of, beside the model. Two equal settings give equal banks, so this
/// struct is also the key that says which settings a published bank answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Where the puck stands on the map, 0..=1 from left to right.
    pub x: f32,
    /// Where the puck stands on the map, 0..=1 from bottom to top.
    pub y: f32,
    /// How far sampling strays from the likeliest pattern: 0 (deterministic) to 1.5.
    pub temperature: f32,
    /// Fewer (towards -1) or more (towards 1) hits than the model would play; 0 is the model's own.
    pub density: f32,
    /// How many of the eight takes are cycled: 1, 2, 4 or 8.
    pub variation: u8,
    /// Which dice are thrown, 0..=9999.
    pub seed: u16,
    /// Counts changes of saved state that shapes a bank (locks, trims, the model), so that they count
    /// as changed settings.
    pub revision: u32,
}

impl Settings {
    /// What a fresh instance plays.
    pub const DEFAULT: Self =
        Self { x: 0.5, y: 0.5, temperature: 0.4, density: 0.0, variation: 4, seed: 4711, revision: 0 };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

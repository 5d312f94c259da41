//! What a drum is made of, as data.

use crate::band::Band;
use crate::envelope::Shape;
use crate::source::SQUARES;

/// What a layer is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A sine that glides from one frequency to another.
    Tone {
        /// Where it begins when hit hardest, in Hz.
        from: f32,
        /// Where it ends, in Hz.
        to: f32,
        /// How long until a thousandth of the way is left, in seconds.
        glide: f32,
        /// 0 is a pure sine, 1 nearly a square.
        drive: f32,
    },
    /// White noise.
    Hiss,
    /// Squares of these frequencies in Hz; 0 leaves one out.
    Metal([f32; SQUARES]),
}

/// One layer of a drum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerRecipe {
    pub(crate) source: Source,
    /// What is kept of it; a tone is left whole.
    pub(crate) band: Band,
    pub(crate) shape: Shape,
    /// Its loudness among the layers.
    pub(crate) level: f32,
    /// How much more than the whole drum it grows with the force of the hit: 0 not at all, 1 in proportion.
    pub(crate) hardness: f32,
}

/// A drum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    /// At most [`crate::voice::LAYERS`].
    pub(crate) layers: &'static [LayerRecipe],
    /// Its loudness in the kit.
    pub(crate) level: f32,
    /// -1 (left) to 1 (right), as the audience sees it.
    pub(crate) pan: f32,
    /// How long it rings on under its next hit, in seconds. Skins are struck anew (0), cymbals ring on.
    pub(crate) rings_on: f32,
    /// Bit `i`: a hit of this drum ends instrument `i`, as closing the hat does.
    pub(crate) chokes: u16,
}

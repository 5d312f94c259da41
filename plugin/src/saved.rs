//! State that is saved with a project beside the parameters. Written on the host's main thread and the decode
//! thread; the audio thread reads atomics only: counters and scenes.

mod bank;
mod fields;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use beat::{Grid, Shape};
use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::*;
use serde::{Deserialize, Serialize};

pub use bank::{KeptBank, KeptBanks, KeptShape};
pub(crate) use fields::KeptScene;
pub use fields::{ModelChoice, SCENES, Scenes, WindowSize};

/// The version of the state. Older states load; of a newer one what is known loads, and the window says so.
pub const STATE_VERSION: u32 = 2;

/// All saved state that is not a parameter.
#[derive(Default, Params)]
pub struct Saved {
    /// The version of the state.
    #[persist = "beatfield"]
    version: StateVersion,
    /// The chosen model.
    #[persist = "model"]
    model: CountedField<ModelChoice>,
    /// The banks that played when the project was saved.
    #[persist = "bank"]
    bank: CountedField<KeptBanks>,
    /// The player's changes to the beat: locks, rotation and so on.
    #[persist = "shape"]
    shape: CountedField<KeptShape>,
    /// The contents of the scenes.
    #[persist = "scenes"]
    scenes: Scenes,
    /// The window's size and scale.
    #[persist = "window"]
    window: CountedField<WindowSize>,
}

impl Saved {
    /// Counts changes of the state that shapes a bank.
    pub fn revision(&self) -> u32 {
        self.model_revision().wrapping_add(self.shape.changes())
    }

    /// Counts choices of a model.
    pub fn model_revision(&self) -> u32 {
        self.model.changes()
    }

    /// The chosen model, with the revision of the choice.
    pub fn model(&self) -> (ModelChoice, u32) {
        // The count is read first: a choice made in between is read again later.
        let revision = self.model_revision();
        (self.model.get(), revision)
    }

    /// The player's changes to the beat. Locks, so not for the audio thread.
    pub fn shape(&self) -> Shape {
        self.shape.value.read().unwrap_or_else(PoisonError::into_inner).shape()
    }

    /// Sets the player's changes to the beat.
    pub fn set_shape(&self, shape: &Shape) {
        self.shape.replace(KeptShape::of(shape));
    }

    /// The contents of the scenes. Atomics: any thread may read them.
    pub fn scenes(&self) -> &Scenes {
        &self.scenes
    }

    /// Keeps a bank of this grid for the next save, unless a state was loaded since `loads` was read, or is being loaded,
    /// or the model is not that of `revision` any more: on a load parameters are set before fields and the
    /// bank before the model, so a bank decoded in between belongs to neither state.
    pub fn keep_bank(&self, grid: &Grid, bank: KeptBank, loads: u32, revision: u32) {
        let mut kept = self.bank.value.write().unwrap_or_else(PoisonError::into_inner);
        // Locked so that its counts are consistent.
        let _model = self.model.value.read().unwrap_or_else(PoisonError::into_inner);
        if [self.bank.loads(), self.model.loads()] == [loads; 2] && self.model_revision() == revision {
            kept.set(grid, bank);
        }
    }

    /// The bank of this grid that was saved or played last.
    pub fn kept_bank(&self, grid: &Grid) -> KeptBank {
        self.bank.value.read().unwrap_or_else(PoisonError::into_inner).on(grid).clone()
    }

    /// Counts banks loaded with a state.
    pub fn bank_loads(&self) -> u32 {
        self.bank.loads()
    }

    /// Whether no state is being loaded: the framework sets the fields in the order of their names, the
    /// window's size last.
    pub fn is_loaded(&self) -> bool {
        self.window.loads() == self.bank.loads()
    }

    /// Chooses another model.
    pub fn choose_model(&self, choice: ModelChoice) {
        self.model.replace(choice);
    }

    /// The size and scale with which the window opens.
    pub fn window_size(&self) -> WindowSize {
        self.window.get().bounded()
    }

    /// Keeps the window's size and scale for the next opening.
    pub fn remember_window_size(&self, size: WindowSize) {
        self.window.replace(size.bounded());
    }

    /// A remark for the musician on the state that was loaded last, if there is one.
    pub fn remark(&self) -> Option<String> {
        self.version.remark()
    }

    /// Writes the outcome of loading the choice of `revision`, a model of this grid, so that it is saved; this is no change of the
    /// choice. Ignored where another choice has been made since. The hash of a file that can't be used is
    /// kept, so that the project recognises its model once the file is back.
    pub fn note_outcome(&self, revision: u32, grid: Grid, sha256: Option<String>, refused: Option<String>) {
        let mut choice = self.model.value.write().unwrap_or_else(PoisonError::into_inner);
        if self.model_revision() == revision {
            if refused.is_none() {
                choice.sha256 = sha256;
                choice.set_grid(&grid);
            }
            choice.refused = refused;
        }
    }
}

/// A saved value that counts its changes, so that others notice one without comparing.
#[derive(Debug, Default)]
struct CountedField<T> {
    value: RwLock<T>,
    changes: AtomicU32,
    /// The number of changes that came with a state.
    loads: AtomicU32,
}

impl<T> CountedField<T> {
    /// The number of changes. Acquire: a reader of a count reads the value set with it, or a later one.
    fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    /// The number of loads with a state. Acquire, as above.
    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Acquire)
    }

    /// Sets it.
    fn replace(&self, value: T) {
        self.put(value, 0);
    }

    fn put(&self, value: T, loads: u32) {
        let mut kept = self.value.write().unwrap_or_else(PoisonError::into_inner);
        *kept = value;
        self.loads.fetch_add(loads, Ordering::Release);
        // Release: a reader of the new count reads the new value. Under the lock, so that under it count and
        // value agree.
        self.changes.fetch_add(1, Ordering::Release);
    }
}

impl<T: Clone> CountedField<T> {
    /// The current value.
    fn get(&self) -> T {
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'a, T> PersistentField<'a, T> for CountedField<T>
where
    T: Serialize + Deserialize<'a> + Send + Sync,
{
    fn set(&self, value: T) {
        self.put(value, 1);
    }

    fn map<F: Fn(&T) -> R, R>(&self, read: F) -> R {
        read(&self.value.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The version field: writes this build's version whatever was read, and keeps the remark of the load.
#[derive(Debug, Default)]
struct StateVersion {
    remark: RwLock<Option<String>>,
}

/// The content of the version field.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum VersionField {
    /// As saved: the version alone.
    Version(u32),
    /// As [`complete`](crate::load_state::complete) hands it to an instance.
    Read {
        /// A remark for the musician.
        remark: Option<String>,
    },
}

impl StateVersion {
    fn remark(&self) -> Option<String> {
        self.remark.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PersistentField<'_, VersionField> for StateVersion {
    fn set(&self, field: VersionField) {
        let remark = match field {
            VersionField::Version(_) => None,
            VersionField::Read { remark } => remark,
        };
        *self.remark.write().unwrap_or_else(PoisonError::into_inner) = remark;
    }

    fn map<F: Fn(&VersionField) -> R, R>(&self, read: F) -> R {
        read(&VersionField::Version(STATE_VERSION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::FOUR_FOUR;

    #[test]
    fn the_outcome_of_an_old_choice_is_not_written_onto_a_new_one() {
        let saved = Saved::default();
        let (_, first) = saved.model();
        saved.choose_model(ModelChoice::of("mine.safetensors".as_ref()));
        saved.note_outcome(first, GRID, Some("hash of the built-in model".into()), None);
        let (choice, second) = saved.model();
        assert_eq!(choice.sha256, None);
        saved.note_outcome(second, GRID, None, Some("no such file".into()));
        assert_eq!(saved.model().0.refused.as_deref(), Some("no such file"));
    }

    #[test]
    fn what_is_decoded_while_a_state_is_loaded_is_not_kept_with_it() {
        use nice_plug::params::persist::PersistentField;
        let (saved, bank) = (Saved::default(), KeptBank::of(&beat::Bank::SILENT, &beat::Shape::NONE));
        saved.choose_model(ModelChoice::of("mine.safetensors".as_ref()));
        saved.keep_bank(&GRID, bank.clone(), saved.bank_loads(), saved.model_revision());
        assert_eq!(saved.kept_bank(&GRID), bank);
        saved.bank.set(KeptBanks::default());
        saved.keep_bank(&GRID, bank.clone(), saved.bank_loads(), saved.model_revision());
        assert_eq!(saved.kept_bank(&GRID), KeptBank::default(), "the model of this bank is yet to come");
        saved.model.set(ModelChoice::default());
        saved.keep_bank(&GRID, bank.clone(), saved.bank_loads(), saved.model_revision());
        assert_eq!(saved.kept_bank(&GRID), bank);
    }

    #[test]
    fn a_project_that_was_saved_without_its_model_file_knows_the_model_again() {
        let saved = Saved::default();
        let mut choice = ModelChoice::of("mine".as_ref());
        choice.sha256 = Some("of mine".into());
        saved.choose_model(choice.clone());
        saved.note_outcome(saved.revision(), GRID, None, Some("no such file".into()));
        choice.refused = Some("no such file".into());
        assert_eq!(saved.model().0, choice);
        saved.note_outcome(saved.revision(), GRID, Some("of another".into()), None);
        assert_eq!(saved.model().0.sha256.as_deref(), Some("of another"));
        assert_eq!(saved.model().0.refused, None);
    }
}

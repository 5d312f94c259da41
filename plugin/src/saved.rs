//! State that is saved with a project beside the parameters. Written on the host's main thread and the
//! decode thread; the audio thread reads its counters alone.

mod bank;
mod fields;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use beat::{Bank, Shape};
use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::*;
use serde::{Deserialize, Serialize};

pub use bank::{KeptBank, KeptShape};
pub(crate) use fields::KeptScene;
pub use fields::{ModelChoice, SCENES, Scenes, WindowSize};

/// The version of this layout. Older states keep loading; a newer one is loaded as far as it is known,
/// and the window says so.
pub const STATE_VERSION: u32 = 1;

/// Everything that is saved and is no parameter.
#[derive(Default, Params)]
pub struct Saved {
    /// The layout's version.
    #[persist = "beatfield"]
    version: StateVersion,
    /// Which model plays.
    #[persist = "model"]
    model: CountedField<ModelChoice>,
    /// What played when the project was saved.
    #[persist = "bank"]
    bank: CountedField<KeptBank>,
    /// What the player did to the beat itself.
    #[persist = "shape"]
    shape: CountedField<KeptShape>,
    /// What the scenes hold.
    #[persist = "scenes"]
    scenes: Scenes,
    /// How large the window is, and everything in it.
    #[persist = "window"]
    window: CountedField<WindowSize>,
}

impl Saved {
    /// Counts how often state that shapes a bank was loaded or changed.
    pub fn revision(&self) -> u32 {
        self.model_revision().wrapping_add(self.shape.changes())
    }

    /// Counts how often a model was chosen.
    pub fn model_revision(&self) -> u32 {
        self.model.changes()
    }

    /// Which model is asked for, with the revision that asked for it.
    pub fn model(&self) -> (ModelChoice, u32) {
        // The count is read first: a choice that arrives in between is looked at once more.
        let revision = self.model_revision();
        (self.model.get(), revision)
    }

    /// What the player did to the beat itself. Locks, so never for the audio thread.
    pub fn shape(&self) -> Shape {
        self.shape.value.read().unwrap_or_else(PoisonError::into_inner).shape()
    }

    /// Shapes the beat.
    pub fn set_shape(&self, shape: &Shape) {
        self.shape.replace(KeptShape::of(shape));
    }

    /// What the scenes hold. Atomics: any thread may read them.
    pub fn scenes(&self) -> &Scenes {
        &self.scenes
    }

    /// Keeps a bank for the next save, unless a state has been loaded since `loads` was read, or is being
    /// loaded, or the model is not that of `revision` any more: parameters are set before fields and the
    /// bank before the model, and what was decoded in between is of neither state.
    pub fn keep_bank(&self, bank: &Bank, loads: u32, revision: u32) {
        let mut kept = self.bank.value.write().unwrap_or_else(PoisonError::into_inner);
        // Held so that its counts belong together.
        let _model = self.model.value.read().unwrap_or_else(PoisonError::into_inner);
        if [self.bank.loads(), self.model.loads()] == [loads; 2] && self.model_revision() == revision {
            *kept = KeptBank::of(bank);
        }
    }

    /// The bank that was saved or played last.
    pub fn kept_bank(&self) -> KeptBank {
        self.bank.get()
    }

    /// Counts how often a bank was loaded with a state.
    pub fn bank_loads(&self) -> u32 {
        self.bank.loads()
    }

    /// Chooses another model.
    pub fn choose_model(&self, choice: ModelChoice) {
        self.model.replace(choice);
    }

    /// The size and scale in which the window opens.
    pub fn window_size(&self) -> WindowSize {
        self.window.get().bounded()
    }

    /// Keeps the window's size and scale for the next time that it opens.
    pub fn remember_window_size(&self, size: WindowSize) {
        self.window.replace(size.bounded());
    }

    /// What the musician should know of the state that was loaded last; nothing of most.
    pub fn remark(&self) -> Option<String> {
        self.version.remark()
    }

    /// Writes what became of the choice of `revision`, so that it is saved; no change of the choice
    /// itself. Where another choice has come in between, the outcome is nobody's. The hash of a file that
    /// can't be used now stays, so that the project knows its model again once the file is back.
    pub fn note_outcome(&self, revision: u32, sha256: Option<String>, refused: Option<String>) {
        let mut choice = self.model.value.write().unwrap_or_else(PoisonError::into_inner);
        if self.model_revision() == revision {
            if refused.is_none() {
                choice.sha256 = sha256;
            }
            choice.refused = refused;
        }
    }
}

/// A saved value that counts how often it was set.
#[derive(Debug, Default)]
struct CountedField<T> {
    value: RwLock<T>,
    changes: AtomicU32,
    /// How many of the changes came with a state.
    loads: AtomicU32,
}

impl<T> CountedField<T> {
    /// How often it was set. Acquire: who sees a count sees the value that was set with it.
    fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    /// How often it was loaded with a state. Acquire, as above.
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
        // Release: who sees the new count sees the new value. Under the lock, so that who holds it sees
        // them together.
        self.changes.fetch_add(1, Ordering::Release);
    }
}

impl<T: Clone> CountedField<T> {
    /// The value of now.
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

/// Writes this build's version whatever version was read, and keeps what the reading found.
#[derive(Debug, Default)]
struct StateVersion {
    remark: RwLock<Option<String>>,
}

/// What stands in the field of the version.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum VersionField {
    /// As it is saved: the version alone.
    Version(u32),
    /// As [`complete`](super::complete) hands it on, in the only way from there to an instance.
    Read {
        /// What the musician should know.
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

    #[test]
    fn the_outcome_of_an_old_choice_is_not_written_onto_a_new_one() {
        let saved = Saved::default();
        let (_, first) = saved.model();
        saved.choose_model(ModelChoice::of("mine.safetensors".as_ref()));
        saved.note_outcome(first, Some("hash of the built-in model".into()), None);
        let (choice, second) = saved.model();
        assert_eq!(choice.sha256, None);
        saved.note_outcome(second, None, Some("no such file".into()));
        assert_eq!(saved.model().0.refused.as_deref(), Some("no such file"));
    }

    #[test]
    fn what_is_decoded_while_a_state_is_loaded_is_not_kept_with_it() {
        use nice_plug::params::persist::PersistentField;
        let (saved, bank) = (Saved::default(), Bank::SILENT);
        saved.choose_model(ModelChoice::of("mine.safetensors".as_ref()));
        saved.keep_bank(&bank, saved.bank_loads(), saved.model_revision());
        assert_eq!(saved.kept_bank(), KeptBank::of(&bank));
        saved.bank.set(KeptBank::default());
        saved.keep_bank(&bank, saved.bank_loads(), saved.model_revision());
        assert_eq!(saved.kept_bank(), KeptBank::default(), "the model of this bank is yet to come");
        saved.model.set(ModelChoice::default());
        saved.keep_bank(&bank, saved.bank_loads(), saved.model_revision());
        assert_eq!(saved.kept_bank(), KeptBank::of(&bank));
    }

    #[test]
    fn a_project_that_was_saved_without_its_model_file_knows_the_model_again() {
        let saved = Saved::default();
        let mut choice = ModelChoice::of("mine".as_ref());
        choice.sha256 = Some("of mine".into());
        saved.choose_model(choice.clone());
        saved.note_outcome(saved.revision(), None, Some("no such file".into()));
        choice.refused = Some("no such file".into());
        assert_eq!(saved.model().0, choice);
        saved.note_outcome(saved.revision(), Some("of another".into()), None);
        assert_eq!(saved.model().0.sha256.as_deref(), Some("of another"));
        assert_eq!(saved.model().0.refused, None);
    }
}

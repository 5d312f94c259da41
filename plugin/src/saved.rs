//! State that is saved with a project beside the parameters.

mod kept_bank;
mod kept_shape;
mod scenes;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use beat::{Bank, Shape};
use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::*;
use serde::{Deserialize, Serialize};

pub use kept_bank::KeptBank;
pub use kept_shape::KeptShape;
pub use scenes::{SCENES, Scenes};

/// The version of this layout. Older states keep loading; a newer one is loaded as far as it is known.
pub const STATE_VERSION: u32 = 1;

/// Everything that is saved and is no parameter.
#[derive(Params)]
pub struct Saved {
    /// The layout's version.
    #[persist = "beatfield"]
    version: LayoutVersion,
    /// Which model plays.
    #[persist = "model"]
    model: Counted<ModelChoice>,
    /// What played when the project was saved.
    #[persist = "bank"]
    bank: Counted<KeptBank>,
    /// What the player did to the beat itself.
    #[persist = "shape"]
    shape: Counted<KeptShape>,
    /// What the scenes hold.
    #[persist = "scenes"]
    scenes: Scenes,
}

/// Which model plays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelChoice {
    /// The model file; none is the built-in model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The SHA-256 of the file that was loaded, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why the file could not be used, in a sentence. Written for whoever reads the state, ignored when
    /// it is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Default for Saved {
    fn default() -> Self {
        Self {
            version: LayoutVersion,
            model: Counted::default(),
            bank: Counted::default(),
            shape: Counted::default(),
            scenes: Scenes::default(),
        }
    }
}

impl Saved {
    /// Counts how often state that shapes a bank was loaded or changed.
    pub fn revision(&self) -> u32 {
        self.model_revision().wrapping_add(self.shape.changes.load(Ordering::Acquire))
    }

    /// Counts how often a model was chosen.
    pub fn model_revision(&self) -> u32 {
        self.model.changes.load(Ordering::Acquire)
    }

    /// Which model is asked for, with the revision that asked for it.
    pub fn model(&self) -> (ModelChoice, u32) {
        // The count is read first: a choice that arrives in between is looked at once more.
        let revision = self.model_revision();
        (self.model.value.read().unwrap_or_else(PoisonError::into_inner).clone(), revision)
    }

    /// What the player did to the beat itself. Locks, so never for the audio thread.
    pub fn shape(&self) -> Shape {
        self.shape.value.read().unwrap_or_else(PoisonError::into_inner).shape()
    }

    /// Shapes the beat.
    pub fn set_shape(&self, shape: &Shape) {
        self.shape.set(KeptShape::of(shape));
    }

    /// What the scenes hold. Atomics: any thread may read them.
    pub fn scenes(&self) -> &Scenes {
        &self.scenes
    }

    /// Keeps a bank for the next save, unless a state has been loaded since `loads` was read: hosts set
    /// parameters before fields, and what was decoded in between is of neither state.
    pub fn keep_bank(&self, bank: &Bank, loads: u32) {
        let mut kept = self.bank.value.write().unwrap_or_else(PoisonError::into_inner);
        if self.bank_loads() == loads {
            *kept = KeptBank::of(bank);
        }
    }

    /// The bank that was saved or played last.
    pub fn kept_bank(&self) -> KeptBank {
        self.bank.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts how often a bank was loaded with a state.
    pub fn bank_loads(&self) -> u32 {
        self.bank.changes.load(Ordering::Acquire)
    }

    /// Chooses another model.
    pub fn choose_model(&self, choice: ModelChoice) {
        self.model.set(choice);
    }

    /// Writes what became of the choice of `revision`, so that it is saved; no change of the choice
    /// itself. Where another choice has come in between, the outcome is nobody's.
    pub fn note_outcome(&self, revision: u32, sha256: Option<String>, refused: Option<String>) {
        let mut choice = self.model.value.write().unwrap_or_else(PoisonError::into_inner);
        if self.model_revision() == revision {
            choice.sha256 = sha256;
            choice.refused = refused;
        }
    }
}

/// The version that is written, whatever version was read.
#[derive(Debug)]
struct LayoutVersion;

impl PersistentField<'_, u32> for LayoutVersion {
    fn set(&self, _read: u32) {}

    fn map<F: Fn(&u32) -> R, R>(&self, read: F) -> R {
        read(&STATE_VERSION)
    }
}

/// A saved value that counts how often it was set.
#[derive(Debug, Default)]
struct Counted<T> {
    value: RwLock<T>,
    changes: AtomicU32,
}

impl<'a, T> PersistentField<'a, T> for Counted<T>
where
    T: Serialize + Deserialize<'a> + Send + Sync,
{
    fn set(&self, value: T) {
        let mut kept = self.value.write().unwrap_or_else(PoisonError::into_inner);
        *kept = value;
        // Release: who sees the new count sees the new value. Under the lock, so that who holds it sees
        // the two together.
        self.changes.fetch_add(1, Ordering::Release);
    }

    fn map<F: Fn(&T) -> R, R>(&self, read: F) -> R {
        read(&self.value.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_of_an_old_choice_is_not_written_onto_a_new_one() {
        let saved = Saved::default();
        let (_, first) = saved.model();
        saved.choose_model(ModelChoice { path: Some("mine.safetensors".into()), ..ModelChoice::default() });
        saved.note_outcome(first, Some("hash of the built-in model".into()), None);
        let (choice, second) = saved.model();
        assert_eq!(choice.sha256, None);
        saved.note_outcome(second, None, Some("no such file".into()));
        assert_eq!(saved.model().0.refused.as_deref(), Some("no such file"));
    }
}

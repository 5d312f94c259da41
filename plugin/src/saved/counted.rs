//! A saved value that counts its changes, so that others see one without comparing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

/// A saved value that counts how often it was set.
#[derive(Debug, Default)]
pub(super) struct Counted<T> {
    pub(super) value: RwLock<T>,
    changes: AtomicU32,
    /// How many of the changes came with a state.
    loads: AtomicU32,
}

impl<T> Counted<T> {
    /// How often it was set. Acquire: who sees a count sees the value that was set with it.
    pub(super) fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    /// How often it was loaded with a state. Acquire, as above.
    pub(super) fn loads(&self) -> u32 {
        self.loads.load(Ordering::Acquire)
    }

    /// Sets it.
    pub(super) fn replace(&self, value: T) {
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

impl<T: Clone> Counted<T> {
    /// The value of now.
    pub(super) fn get(&self) -> T {
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'a, T> PersistentField<'a, T> for Counted<T>
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

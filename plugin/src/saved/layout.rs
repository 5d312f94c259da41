//! The version of the layout: written into every state, and read with what was found of the state.

use std::sync::{PoisonError, RwLock};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

use super::STATE_VERSION;

/// Writes this build's version whatever version was read, and keeps what the reading found.
#[derive(Debug, Default)]
pub(super) struct Layout {
    remark: RwLock<Option<String>>,
}

/// What stands in the field of the version.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Mark {
    /// As it is saved: the version alone.
    Version(u32),
    /// As [`complete`](super::complete) hands it on, in the only way from there to an instance.
    Read {
        /// What the musician should know.
        remark: Option<String>,
    },
}

impl Layout {
    pub(super) fn remark(&self) -> Option<String> {
        self.remark.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PersistentField<'_, Mark> for Layout {
    fn set(&self, mark: Mark) {
        let remark = match mark {
            Mark::Version(_) => None,
            Mark::Read { remark } => remark,
        };
        *self.remark.write().unwrap_or_else(PoisonError::into_inner) = remark;
    }

    fn map<F: Fn(&Mark) -> R, R>(&self, read: F) -> R {
        read(&Mark::Version(STATE_VERSION))
    }
}

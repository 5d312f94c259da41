//! What flows back to the window: meters from the audio thread, the bank and the model from the decode
//! thread.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use beat::{Bank, Playhead};
use nets::Model;
use nice_plug_egui::RepaintNotifier;

/// Written by the audio thread with plain stores, read by the window. Every ordering is relaxed: each
/// number stands for itself and guards nothing.
#[derive(Debug, Default)]
pub struct Meters {
    /// 0 at rest, else 1 + step + 32 x take.
    playhead: AtomicU32,
    notes: AtomicU64,
    lost: AtomicU32,
    rolling: AtomicBool,
    offline: AtomicBool,
    late: AtomicU32,
}

impl Meters {
    /// What sounds now.
    pub fn playhead(&self) -> Option<Playhead> {
        let packed = self.playhead.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Playhead { step: packed as usize % 32, take: packed as usize / 32 })
    }

    /// How many note-ons have left since the instance was made.
    pub fn notes(&self) -> u64 {
        self.notes.load(Ordering::Relaxed)
    }

    /// How many onsets were given up because the host refused events for too long.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether the host's transport rolls.
    pub fn rolling(&self) -> bool {
        self.rolling.load(Ordering::Relaxed)
    }

    /// Whether blocks wait for their banks.
    pub fn offline(&self) -> bool {
        self.offline.load(Ordering::Relaxed)
    }

    /// How often a bounce gave up waiting for a bank and played the old one.
    pub fn late(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }

    pub(crate) fn show_playhead(&self, playhead: Option<Playhead>) -> bool {
        let packed = playhead.map_or(0, |at| 1 + at.step as u32 + 32 * at.take as u32);
        self.playhead.swap(packed, Ordering::Relaxed) != packed
    }

    pub(crate) fn show_transport(&self, rolling: bool, offline: bool) -> bool {
        self.offline.store(offline, Ordering::Relaxed);
        self.rolling.swap(rolling, Ordering::Relaxed) != rolling
    }

    pub(crate) fn count_note(&self) {
        self.notes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn show_lost(&self, lost: u32) {
        self.lost.store(lost, Ordering::Relaxed);
    }

    pub(crate) fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the decode thread shows. Locks, so never for the audio thread.
#[derive(Default)]
pub struct Stage {
    scene: Mutex<Scene>,
    /// Asks the window for a new frame; a relaxed store, so any thread may call it.
    pub repaint: RepaintNotifier,
}

/// One consistent picture of the decode thread.
#[derive(Clone, Default)]
pub struct Scene {
    /// The model that plays, where there is one.
    pub model: Option<Arc<Model>>,
    /// Why there is none, in a sentence.
    pub problem: Option<String>,
    /// Counts models, so that the window knows when to draw the map anew.
    pub model_number: u32,
    /// The newest bank.
    pub bank: Bank,
}

impl Stage {
    /// What there is to show.
    pub fn scene(&self) -> Scene {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn show(&self, change: impl FnOnce(&mut Scene)) {
        change(&mut self.scene.lock().unwrap_or_else(PoisonError::into_inner));
        self.repaint.request_repaint();
    }
}

//! The loop of the decode thread: compares, decodes, publishes, and serves the window's requests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use beat::{BANK_TAKES, Bank, Kit, Settings, Take};

use super::loaded_model::LoadedModel;
use crate::capture::CaptureOutput;
use crate::crossing::{BankWriter, DrumTable};
use crate::params::BeatfieldParams;
use crate::saved::KeptBank;
use crate::shared::{Meters, PreviewKey, SharedState};

/// Sleep between updates while the song plays or soon after a change.
const BUSY_PARK: Duration = Duration::from_millis(1);
/// Sleep between updates at rest.
const IDLE_PARK: Duration = Duration::from_millis(20);
/// How long a change keeps the updates frequent.
const BUSY_AFTER_CHANGE: Duration = Duration::from_secs(1);

/// What the thread has published, for an activation that waits for it.
#[derive(Default)]
pub(super) struct DecodeProgress {
    pub(super) state: Mutex<ProgressState>,
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct ProgressState {
    /// The settings of the last published bank.
    pub(super) decoded: Option<Settings>,
    /// Whether the thread has ended: nothing more will come.
    pub(super) ended: bool,
}

impl DecodeProgress {
    pub(super) fn note(&self, change: impl FnOnce(&mut ProgressState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

/// Notes the end of the thread, however it ends.
pub(super) struct EndNote(pub(super) Arc<DecodeProgress>);

impl Drop for EndNote {
    fn drop(&mut self) {
        self.0.note(|state| state.ended = true);
    }
}

/// The thread's state.
pub(super) struct DecodeLoop {
    params: Arc<BeatfieldParams>,
    banks: BankWriter,
    played: CaptureOutput,
    shared: Arc<SharedState>,
    meters: Arc<Meters>,
    progress: Arc<DecodeProgress>,
    pub(super) model: Option<LoadedModel>,
    /// The settings of the last published bank.
    decoded: Option<Settings>,
    /// The bank of the project that was opened, which answers these settings whatever is decoded of them
    /// today.
    opened: Option<(Settings, KeptBank)>,
    /// The number of states loaded when `opened` was set.
    loads: u32,
    /// The hits at the places of the map's picture, as far as it is painted.
    picture: Option<Vec<u32>>,
}

impl DecodeLoop {
    pub(super) fn new(
        params: Arc<BeatfieldParams>,
        banks: BankWriter,
        played: CaptureOutput,
        shared: Arc<SharedState>,
        meters: Arc<Meters>,
        progress: Arc<DecodeProgress>,
    ) -> Self {
        Self {
            params,
            banks,
            played,
            shared,
            meters,
            progress,
            model: None,
            decoded: None,
            opened: None,
            loads: 0,
            picture: None,
        }
    }

    pub(super) fn run(mut self, stop: &AtomicBool) {
        let mut changed = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            match catch_unwind(AssertUnwindSafe(|| self.update())) {
                Ok(true) => changed = Instant::now(),
                Ok(false) => {}
                Err(_) => return self.report_panic(),
            }
            let busy = self.meters.rolling() || changed.elapsed() < BUSY_AFTER_CHANGE;
            thread::park_timeout(if busy { BUSY_PARK } else { IDLE_PARK });
        }
    }

    /// Compares and decodes once; true where something changed.
    pub(super) fn update(&mut self) -> bool {
        if self.played.has_events() {
            self.played.drain_into(&mut self.shared.recent_notes());
        }
        let bank_loads = self.params.saved.bank_loads();
        if !self.params.saved.is_loaded() {
            return true; // in the middle of a load, which takes microseconds
        }
        let followed = self.follow_model();
        let settings = self.params.settings();
        let revision = self.params.saved.model_revision();
        let Some(model) = self.model.as_mut().filter(|model| model.revision == revision) else {
            return true; // another model was chosen in between: update again
        };
        if self.params.saved.bank_loads() != bank_loads {
            return true; // a whole state was loaded in between: its own bank answers its settings
        }
        if std::mem::replace(&mut self.loads, bank_loads) != bank_loads {
            let kept = model.keeps_bank.then(|| self.params.saved.kept_bank());
            self.opened = kept.and_then(|kept| kept.opened(&settings, &self.params.saved.shape()));
            self.decoded = None;
            if self.opened.is_none() && model.model.is_some() {
                // What will be decoded replaces it. Until then it must not be saved beside the hash of this
                // model, with which it would be taken for one of its banks.
                self.params.saved.keep_bank(KeptBank::default(), bank_loads, revision);
            }
        }
        if followed {
            self.params.saved.note_outcome(revision, model.sha256.clone(), model.refused.clone());
        }
        if self.decoded == Some(settings) {
            return self.serve_requests(&settings);
        }
        // Read after the settings: a shape that is set in between has another revision, and the next update
        // decodes it.
        let shape = self.params.saved.shape();
        // An opened project plays its own bank until something that shapes it is changed; without a model
        // whatever is changed, so that a project whose model file is missing sounds as it did.
        let opened = self.opened.as_ref().filter(|(of, _)| *of == settings).map(|(_, kept)| kept.clone());
        let mut of_another_build = false;
        let (bank, keep) = match opened.as_ref().and_then(|kept| kept.bank(settings, model.number)) {
            Some(bank) => {
                of_another_build =
                    opened.as_ref().is_some_and(|kept| model.replaces(kept.is_of_another_decoder_version()));
                (bank, opened)
            }
            None => match model.decode(&settings, &shape) {
                Some(bank) => (bank, Some(KeptBank::of(&bank, &shape))),
                None => {
                    let kept = self.params.saved.kept_bank().bank(settings, model.number);
                    let silence = || Bank::new([Take::EMPTY; BANK_TAKES], 1, Kit::DEFAULT, settings, 0);
                    (kept.unwrap_or_else(silence), None)
                }
            },
        };
        let own = model.model.as_deref().map_or(*bank.kit(), nets::Model::kit);
        let number = self.banks.publish(&bank, DrumTable::new(bank.kit(), &own));
        if let Some(keep) = keep {
            self.params.saved.keep_bank(keep, bank_loads, revision);
        }
        self.decoded = Some(settings);
        let problem = model.sequence_problem.take();
        self.shared.show(|decoded| {
            decoded.add(number, bank, self.meters.committed());
            decoded.of_another_build = of_another_build;
            if problem.is_some() {
                decoded.problem = problem;
            }
        });
        // Last: whoever waits for it finds everything else done.
        self.progress.note(|state| state.decoded = Some(settings));
        true
    }

    /// Serves the window's requests; true for a preview and a part of the picture, so that the next one is served as
    /// quickly.
    fn serve_requests(&mut self, settings: &Settings) -> bool {
        let Some(model) = &self.model else { return false };
        if let Some(place) = self.shared.requests.take_preview() {
            let preview = model.preview(settings, &self.params.saved.shape(), place);
            self.shared.show(|decoded| {
                decoded.preview = preview.map(|pattern| (PreviewKey::new(settings, place), pattern));
            });
            return true;
        }
        if self.shared.requests.take_picture() {
            self.picture = Some(Vec::new());
        }
        let Some(hits) = &mut self.picture else { return false };
        let picture = model.picture(hits);
        let more = picture.is_none() && model.model.is_some();
        if !more {
            self.picture = None;
            self.shared.show(|decoded| decoded.picture = picture.map(Arc::new));
        }
        more
    }

    /// Loads the model that the state names; true where it names another one, or the same anew. The same model
    /// is not loaded again, so that an undo in the host does not interrupt playback.
    fn follow_model(&mut self) -> bool {
        let (choice, revision) = self.params.saved.model();
        match &mut self.model {
            Some(model) if model.revision == revision => return false,
            Some(model) if model.plays(&choice) => model.follow(&choice, revision),
            _ => {
                let number = self.model.as_ref().map_or(1, |model| model.number + 1);
                self.model = Some(LoadedModel::load(&choice, revision, number));
            }
        }
        let Some(model) = &self.model else { return false };
        let remark = self.params.saved.remark();
        self.shared.show(|decoded| {
            decoded.model = model.model.clone();
            decoded.problem = model.problem.clone().or(remark);
            decoded.model_number = model.number;
            decoded.picture = None;
            decoded.preview = None;
        });
        if let Some(hits) = &mut self.picture {
            hits.clear(); // of the model before
        }
        true
    }

    /// After a panic: the last bank plays on, and the window says so.
    fn report_panic(&self) {
        self.meters.note_decoder_end();
        let sentence =
            "Beatfield met a defect while decoding and keeps the last beat; reload the plugin to go on.";
        self.shared.show(|decoded| decoded.problem = Some(sentence.into()));
    }
}

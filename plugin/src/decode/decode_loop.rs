//! The loop of the decode thread: compares, decodes, publishes, and serves the window's requests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use beat::{Bank, Grid, Kit, Settings};

use super::loaded_model::LoadedModel;
use crate::capture::CaptureOutput;
use crate::crossing::{BankWriter, DrumTable};
use crate::editor::map::picture::MapPicture;
use crate::params::{BeatfieldParams, MetreChoice};
use crate::saved::{KeptBank, ModelChoice};
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
    /// By [`Grid::index`]; those of other grids than the chosen model's are loaded when they are first needed.
    pub(super) fields: [Option<Field>; Grid::ALL.len()],
    /// The revision of the choice of model that was followed, and the grid of that model.
    chosen: Option<(u32, Grid)>,
    /// Counts the models that were loaded.
    models: u32,
    /// The number of states loaded when the fields' `opened` were set.
    loads: u32,
    /// What the window shows: the grid, and the number of its model.
    shown: Option<(Grid, u32)>,
    /// Whether the window waits for the picture of the map.
    picture_requested: bool,
    /// When a bank of the grid that plays was last decoded.
    changed: Instant,
}

/// What the thread knows of one grid.
pub(super) struct Field {
    pub(super) model: LoadedModel,
    /// The settings of the last published bank.
    decoded: Option<Settings>,
    /// The bank of the project that was opened, which answers these settings whatever is decoded of them today.
    opened: Option<(Settings, KeptBank)>,
    /// Whether the newest bank is that one, and this build would decode another.
    of_another_build: bool,
    /// The picture of the map, once it is painted, and the hits at its places as far as it is not.
    picture: Option<Arc<MapPicture>>,
    hits: Vec<u32>,
}

impl Field {
    pub(super) fn new(model: LoadedModel) -> Self {
        Self { model, decoded: None, opened: None, of_another_build: false, picture: None, hits: Vec::new() }
    }

    /// The bank of the project that was opened, where it answers these settings.
    fn opened_bank(&self, settings: &Settings) -> Option<KeptBank> {
        self.opened.as_ref().filter(|(of, _)| of == settings).map(|(_, kept)| kept.clone())
    }
}

/// What became of the banks of the grids that do not play.
enum Others {
    /// One was decoded; there may be more.
    Decoded,
    /// Some are to be decoded once nothing changes.
    Later,
    /// All are there.
    Done,
}

/// For how long nothing must have changed before the banks of the other grids are decoded anew.
const REST: Duration = Duration::from_millis(30);

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
            fields: [const { None }; Grid::ALL.len()],
            chosen: None,
            models: 0,
            loads: 0,
            shown: None,
            picture_requested: false,
            changed: Instant::now(),
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
        let followed = self.follow_model(bank_loads);
        let settings = self.params.settings();
        let revision = self.params.saved.model_revision();
        let Some((_, chosen)) = self.chosen.filter(|(followed, _)| *followed == revision) else {
            return true; // another model was chosen in between: update again
        };
        if self.params.saved.bank_loads() != bank_loads {
            return true; // a whole state was loaded in between: its own banks answer its settings
        }
        if std::mem::replace(&mut self.loads, bank_loads) != bank_loads {
            // Those that were never needed are opened when they are.
            for grid in Grid::ALL {
                self.open_bank(&grid, &settings, bank_loads, revision);
            }
        }
        if followed && let Some(Field { model, .. }) = &self.fields[chosen.index()] {
            let (sha256, refused) = (model.sha256.clone(), model.refused.clone());
            self.params.saved.note_outcome(revision, chosen, sha256, refused);
        }
        let grid = self.params.grid(&self.meters);
        self.load_field(&grid, &settings, bank_loads, revision);
        self.show_field(grid);
        if self.decode(&grid, &settings, bank_loads, revision) {
            self.changed = Instant::now();
            if self.params.metre.value() != MetreChoice::Auto {
                self.note_decoded(settings);
            }
            return true;
        }
        if self.params.metre.value() == MetreChoice::Auto {
            match self.decode_others(&settings, bank_loads, revision) {
                Others::Decoded => return true,
                Others::Later => return self.serve_requests(&grid, &settings),
                Others::Done => {}
            }
        }
        self.note_decoded(settings);
        self.serve_requests(&grid, &settings)
    }

    /// Decodes one of the banks that a change of the host's time signature would ask for. The first ones are decoded
    /// at once, later ones once nothing changes, so that the puck is followed as quickly as if there were one grid.
    fn decode_others(&mut self, settings: &Settings, loads: u32, revision: u32) -> Others {
        let mut others = Others::Done;
        for grid in Grid::ALL {
            self.load_field(&grid, settings, loads, revision);
            let decoded = self.fields[grid.index()].as_ref().and_then(|field| field.decoded);
            if decoded.is_some() && decoded != Some(*settings) && self.changed.elapsed() < REST {
                others = Others::Later;
            } else if self.decode(&grid, settings, loads, revision) {
                return Others::Decoded;
            }
        }
        others
    }

    /// Notes for an activation that every bank which may be asked for is there.
    fn note_decoded(&self, settings: Settings) {
        self.progress.note(|state| state.decoded = Some(settings));
    }

    /// Loads the built-in model of a grid that has none yet.
    fn load_field(&mut self, grid: &Grid, settings: &Settings, loads: u32, revision: u32) {
        if self.fields[grid.index()].is_none() {
            let mut built_in = ModelChoice::default();
            built_in.set_grid(grid);
            self.models += 1;
            let model = LoadedModel::load(&built_in, revision, self.models);
            self.fields[grid.index()] = Some(Field::new(model));
            self.open_bank(grid, settings, loads, revision);
        }
    }

    /// Takes the bank that a state brought for a grid.
    fn open_bank(&mut self, grid: &Grid, settings: &Settings, loads: u32, revision: u32) {
        let chosen = self.chosen.is_some_and(|(_, chosen)| chosen == *grid);
        let Some(field) = &mut self.fields[grid.index()] else { return };
        let kept = (field.model.keeps_bank || !chosen).then(|| self.params.saved.kept_bank(grid));
        field.opened = kept.and_then(|kept| kept.opened(settings, &self.params.saved.shape(), grid));
        field.decoded = None;
        if field.opened.is_none() && field.model.model.is_some() {
            // What will be decoded replaces it. Until then it must not be saved beside the hash of this model,
            // with which it would be taken for one of its banks.
            self.params.saved.keep_bank(grid, KeptBank::default(), loads, revision);
        }
    }

    /// Publishes the bank of a grid for these settings; false where that was done.
    fn decode(&mut self, grid: &Grid, settings: &Settings, loads: u32, revision: u32) -> bool {
        let Some(field) = self.fields[grid.index()].as_mut() else { return false };
        if field.decoded == Some(*settings) {
            return false;
        }
        // Read after the settings: a shape that is set in between has another revision, and the next update
        // decodes it.
        let shape = self.params.saved.shape();
        // An opened project plays its own bank until something that shapes it is changed; without a model
        // whatever is changed, so that a project whose model file is missing sounds as it did.
        let opened = field.opened_bank(settings);
        let model = &mut field.model;
        field.of_another_build = false;
        let (bank, keep) = match opened.as_ref().and_then(|kept| kept.bank(grid, *settings, model.number)) {
            Some(bank) => {
                field.of_another_build =
                    opened.as_ref().is_some_and(|kept| model.replaces(kept.is_of_another_decoder_version()));
                (bank, opened)
            }
            None => match model.decode(settings, &shape) {
                Some(bank) => {
                    let keep = KeptBank::of(&bank, &shape);
                    (bank, Some(keep))
                }
                None => {
                    let kept = self.params.saved.kept_bank(grid).bank(grid, *settings, model.number);
                    let silence = || Bank::new(&[], 1, *grid, Kit::DEFAULT, *settings, 0);
                    (kept.unwrap_or_else(silence), None)
                }
            },
        };
        let own = model.model.as_deref().map_or(*bank.kit(), nets::Model::kit);
        let number = self.banks.publish(&bank, DrumTable::new(bank.kit(), &own));
        if let Some(keep) = keep {
            self.params.saved.keep_bank(grid, keep, loads, revision);
        }
        field.decoded = Some(*settings);
        let problem = model.sequence_problem.take();
        let of_another_build = field.of_another_build;
        let is_shown = self.shown.is_some_and(|(shown, _)| shown == *grid);
        self.shared.show(|decoded| {
            decoded.add(number, bank, self.meters.committed());
            if is_shown {
                decoded.of_another_build = of_another_build;
            }
            if problem.is_some() {
                decoded.problem = problem;
            }
        });
        true
    }

    /// Serves the window's requests; true for a preview and a part of the picture, so that the next one is served as
    /// quickly.
    fn serve_requests(&mut self, grid: &Grid, settings: &Settings) -> bool {
        let Some(field) = &mut self.fields[grid.index()] else { return false };
        if let Some(place) = self.shared.requests.take_preview() {
            let preview = field.model.preview(settings, &self.params.saved.shape(), place);
            self.shared.show(|decoded| {
                let key = PreviewKey::new(*grid, settings, place);
                decoded.preview = preview.map(|pattern| (key, pattern));
            });
            return true;
        }
        self.picture_requested |= self.shared.requests.take_picture();
        if !self.picture_requested {
            return false;
        }
        if field.picture.is_none() {
            field.picture = field.model.picture(&mut field.hits).map(Arc::new);
        }
        let more = field.picture.is_none() && field.model.model.is_some();
        if !more {
            self.picture_requested = false;
            self.shared.show(|decoded| decoded.picture = field.picture.clone());
        }
        more
    }

    /// Loads the model that the state names; true where it names another one, or the same anew. The same model
    /// is not loaded again, so that an undo in the host does not interrupt playback.
    fn follow_model(&mut self, bank_loads: u32) -> bool {
        let (choice, revision) = self.params.saved.model();
        if self.chosen.is_some_and(|(followed, _)| followed == revision) {
            return false;
        }
        // Every grid has a built-in model; a file has but one.
        let is_it = |model: &LoadedModel| choice.file().is_some() || model.grid == choice.grid();
        let mut loaded = self.fields.iter_mut().flatten().map(|field| &mut field.model);
        let grid = match loaded.find(|model| model.plays(&choice) && is_it(model)) {
            Some(model) => {
                model.follow(&choice, revision);
                model.grid
            }
            None => {
                self.models += 1;
                let model = LoadedModel::load(&choice, revision, self.models);
                let grid = model.grid;
                self.fields[grid.index()] = Some(Field::new(model));
                grid
            }
        };
        // The grid of the choice before gets its built-in model again.
        if let Some((_, was)) = self.chosen.replace((revision, grid)).filter(|(_, was)| *was != grid) {
            self.fields[was.index()] = None;
            if self.loads == bank_loads {
                // No state came with the choice: the bank that is kept was the former model's.
                self.params.saved.keep_bank(&was, KeptBank::default(), bank_loads, revision);
            }
        }
        self.shown = None;
        true
    }

    /// Shows the model of this grid in the window, unless it does.
    fn show_field(&mut self, grid: Grid) {
        let chosen = self.chosen.and_then(|(_, chosen)| self.fields[chosen.index()].as_ref());
        let of_chosen = chosen.and_then(|field| field.model.problem.clone());
        let Some(field) = &self.fields[grid.index()] else { return };
        let now = Some((grid, field.model.number));
        if self.shown == now {
            return;
        }
        let anew = self.shown.is_none();
        self.shown = now;
        let remark = self.params.saved.remark();
        self.shared.show(|decoded| {
            decoded.model = field.model.model.clone();
            if anew {
                decoded.problem = of_chosen.or_else(|| field.model.problem.clone()).or(remark);
            }
            decoded.of_another_build = field.of_another_build;
            decoded.model_number = field.model.number;
            decoded.picture = field.picture.clone();
            decoded.preview = None;
        });
    }

    /// After a panic: the last bank plays on, and the window says so.
    fn report_panic(&self) {
        self.meters.note_decoder_end();
        let sentence =
            "Beatfield met a defect while decoding and keeps the last beat; reload the plugin to go on.";
        self.shared.show(|decoded| decoded.problem = Some(sentence.into()));
    }
}

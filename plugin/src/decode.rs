//! The decode thread: compares the parameters with the settings that it decoded last, and decodes when they
//! differ. Nothing queues up; the newest settings win.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use beat::{BANK_TAKES, Bank, Kit, Pattern, Settings, Shape, Take};
use nets::{BankDecoder, Model, ModelError, PhraseModel, SequenceModel, StepModel};

use crate::capture::CaptureOutput;
use crate::crossing::BankWriter;
use crate::crossing::DrumTable;
use crate::editor::map::picture::{HITS_SIDE, MapPicture};
use crate::params::BeatfieldParams;
use crate::saved::ModelChoice;
use crate::shared::{Meters, PreviewKey, SharedState};

/// Sleep between updates while the song plays or soon after a change.
const BUSY_PARK: Duration = Duration::from_millis(1);
/// Sleep between updates at rest.
const IDLE_PARK: Duration = Duration::from_millis(20);
/// How long a change keeps the updates frequent.
const BUSY_AFTER_CHANGE: Duration = Duration::from_secs(1);

/// How long an activation waits for its bank.
const ACTIVATION_TIMEOUT: Duration = Duration::from_millis(500);

/// The decode thread of an instance, which starts with the first activation or the first opening of the
/// window, whichever comes first: a scan for plugins starts none, and a window follows its puck where the host
/// has not switched the audio on. Main thread only.
pub struct Decoding {
    params: Arc<BeatfieldParams>,
    shared: Arc<SharedState>,
    meters: Arc<Meters>,
    /// Taken by the thread.
    ends: Mutex<Option<(BankWriter, CaptureOutput)>>,
    thread: Mutex<Option<DecodeThread>>,
}

impl Decoding {
    /// Decodes for `params` once it is started.
    pub fn new(
        params: Arc<BeatfieldParams>,
        shared: Arc<SharedState>,
        meters: Arc<Meters>,
        banks: BankWriter,
        played: CaptureOutput,
    ) -> Self {
        Self { params, shared, meters, ends: Mutex::new(Some((banks, played))), thread: Mutex::default() }
    }

    /// Starts the thread unless it was started. Without it the instrument is silent and the window says why.
    pub fn start(&self) {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((banks, played)) = ends else { return };
        let (params, shared, meters) = (self.params.clone(), self.shared.clone(), self.meters.clone());
        match DecodeThread::start(params, banks, played, shared, meters) {
            Ok(thread) => *self.thread() = Some(thread),
            Err(error) => self.shared.show(|decoded| {
                decoded.problem = Some(format!(
                    "Beatfield could not start its decode thread ({error}); reload the plugin."
                ));
            }),
        }
    }

    /// Ends the thread for good, and waits until it has ended.
    pub fn end(&self) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.thread().take();
    }

    /// The thread, where it runs.
    pub fn thread(&self) -> MutexGuard<'_, Option<DecodeThread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running decode thread; dropping it stops and joins the thread.
pub struct DecodeThread {
    stop: Arc<AtomicBool>,
    progress: Arc<DecodeProgress>,
    join: Option<JoinHandle<()>>,
}

/// What the thread has published, for an activation that waits for it.
#[derive(Default)]
struct DecodeProgress {
    state: Mutex<ProgressState>,
    changed: Condvar,
}

#[derive(Default)]
struct ProgressState {
    /// The settings of the last published bank.
    decoded: Option<Settings>,
    /// Whether the thread has ended: nothing more will come.
    ended: bool,
}

impl DecodeProgress {
    fn note(&self, change: impl FnOnce(&mut ProgressState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

/// Notes the end of the thread, however it ends.
struct EndNote(Arc<DecodeProgress>);

impl Drop for EndNote {
    fn drop(&mut self) {
        self.0.note(|state| state.ended = true);
    }
}

impl DecodeThread {
    /// Starts the thread. It loads the model, then publishes a bank for every change of settings.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub fn start(
        params: Arc<BeatfieldParams>,
        banks: BankWriter,
        played: CaptureOutput,
        shared: Arc<SharedState>,
        meters: Arc<Meters>,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let progress = Arc::new(DecodeProgress::default());
        let end = EndNote(progress.clone());
        let decode_loop = DecodeLoop {
            params,
            banks,
            played,
            shared,
            meters,
            progress: progress.clone(),
            model: None,
            decoded: None,
        };
        let join = thread::Builder::new().name("beatfield decode".into()).spawn(move || {
            let _end = end;
            decode_loop.run(&stopped);
        })?;
        Ok(Self { stop, progress, join: Some(join) })
    }

    /// Waits until a bank of these settings is published, half a second at most; false where it was not. A
    /// host may render as soon as `activate` has returned, faster than any thread can be started, so an
    /// activation waits here. Main thread only; holds no lock that the decode thread waits for.
    pub fn wait_for(&self, settings: &Settings) -> bool {
        if let Some(join) = &self.join {
            join.thread().unpark();
        }
        let state = self.progress.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .progress
            .changed
            .wait_timeout_while(state, ACTIVATION_TIMEOUT, |state| {
                !state.ended && state.decoded.as_ref() != Some(settings)
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.decoded.as_ref() == Some(settings)
    }

    /// The thread's handle, to unpark it.
    pub fn waker(&self) -> Option<Thread> {
        self.join.as_ref().map(|join| join.thread().clone())
    }
}

impl Drop for DecodeThread {
    fn drop(&mut self) {
        // Relaxed: the flag guards no data; the join below orders everything.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(join) = self.join.take() {
            join.thread().unpark();
            // A panic of that thread was reported when it happened.
            drop(join.join());
        }
    }
}

/// The thread's state.
struct DecodeLoop {
    params: Arc<BeatfieldParams>,
    banks: BankWriter,
    played: CaptureOutput,
    shared: Arc<SharedState>,
    meters: Arc<Meters>,
    progress: Arc<DecodeProgress>,
    model: Option<LoadedModel>,
    /// The settings of the last published bank.
    decoded: Option<Settings>,
}

impl DecodeLoop {
    fn run(mut self, stop: &AtomicBool) {
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
    fn update(&mut self) -> bool {
        if self.played.has_events() {
            self.played.drain_into(&mut self.shared.recent_notes());
        }
        let bank_loads = self.params.saved.bank_loads();
        self.follow_model();
        let settings = self.params.settings();
        let revision = self.params.saved.model_revision();
        let Some(model) = self.model.as_mut().filter(|model| model.revision == revision) else {
            return true; // another model was chosen in between: update again
        };
        if self.decoded == Some(settings) {
            return self.serve_requests(&settings);
        }
        // Read after the settings: a shape that is set in between has another revision, and the next update
        // decodes it.
        let shape = self.params.saved.shape();
        let known = model.problem.clone();
        // Without a model the saved bank plays, so that a project whose model file is missing sounds as it
        // did.
        let bank = model
            .decode(&settings, &shape)
            .or_else(|| self.params.saved.kept_bank().bank(settings, model.number));
        let bank = bank.unwrap_or_else(|| Bank::new([Take::EMPTY; BANK_TAKES], 1, Kit::DEFAULT, settings, 0));
        let own = model.model.as_deref().map_or(*bank.kit(), nets::Model::kit);
        let number = self.banks.publish(&bank, DrumTable::new(bank.kit(), &own));
        self.params.saved.keep_bank(&bank, bank_loads, revision);
        self.decoded = Some(settings);
        self.progress.note(|state| state.decoded = Some(settings));
        let problem = model.problem.clone().filter(|_| model.problem != known);
        self.shared.show(|decoded| {
            decoded.add(number, bank, self.meters.committed());
            if problem.is_some() {
                decoded.problem = problem;
            }
        });
        true
    }

    /// Serves the window's requests; true for a preview, so that the next one is served as quickly.
    fn serve_requests(&self, settings: &Settings) -> bool {
        let Some(model) = &self.model else { return false };
        if let Some(place) = self.shared.requests.take_preview() {
            let preview = model.preview(settings, &self.params.saved.shape(), place);
            self.shared.show(|decoded| {
                decoded.preview = preview.map(|pattern| (PreviewKey::new(settings, place), pattern));
            });
            return true;
        }
        if self.shared.requests.take_picture() {
            let picture = model.picture().map(Arc::new);
            self.shared.show(|decoded| decoded.picture = picture);
        }
        false
    }

    /// Loads the model that the state names. The same model is not loaded again, so that an undo in the host
    /// does not interrupt playback.
    fn follow_model(&mut self) {
        let (choice, revision) = self.params.saved.model();
        match &mut self.model {
            Some(model) if model.revision == revision => return,
            Some(model) if model.plays(&choice) => model.revision = revision,
            _ => {
                let number = self.model.as_ref().map_or(1, |model| model.number + 1);
                self.model = Some(LoadedModel::load(&choice, revision, number));
            }
        }
        let Some(model) = &self.model else { return };
        self.params.saved.note_outcome(revision, model.sha256.clone(), model.refused.clone());
        let remark = self.params.saved.remark();
        self.shared.show(|decoded| {
            decoded.model = model.model.clone();
            decoded.problem = model.problem.clone().or(remark);
            decoded.model_number = model.number;
            decoded.picture = None;
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

/// The model that ships inside the plugin.
const BUILT_IN: &[u8] = include_bytes!("../../assets/beatfield.safetensors");

/// The phrase model that ships inside the plugin. It works with the beats of any model.
const PHRASES: &[u8] = include_bytes!("../../assets/songs/phrase.safetensors");

/// The step model that ships inside the plugin, which continues the beats of any model.
const STEPS: &[u8] = include_bytes!("../../assets/songs/step.safetensors");

/// The result of loading a chosen model.
struct LoadedModel {
    /// The revision of the saved choice.
    revision: u32,
    /// The model's number, counted from 1.
    number: u32,
    model: Option<Arc<Model>>,
    /// Its file; `None` for the built-in model.
    file: Option<PathBuf>,
    sha256: Option<String>,
    /// Why the chosen file could not be used.
    refused: Option<String>,
    /// A sentence for the musician.
    problem: Option<String>,
    decoder: Option<BankDecoder>,
    phrases: SequenceFile<PhraseModel>,
    steps: SequenceFile<StepModel>,
}

/// A sequence model that is read when it is first used: most instances never need it. A file that can't be
/// used is not read again.
struct SequenceFile<T> {
    read: fn() -> Result<T, ModelError>,
    done: bool,
}

impl<T> SequenceFile<T> {
    fn new(read: fn() -> Result<T, ModelError>) -> Self {
        Self { read, done: false }
    }

    /// The model, or why there is none, at the first call where it is `wanted`.
    fn take(&mut self, wanted: bool) -> Option<Result<T, ModelError>> {
        let first = wanted && !self.done;
        self.done |= wanted;
        first.then(self.read)
    }
}

impl LoadedModel {
    /// Loads the chosen file, or the built-in model where none is chosen. A file that can't be used gives the
    /// reason and no model: another model would change the music, so the bank saved with the project plays
    /// instead.
    fn load(choice: &ModelChoice, revision: u32, number: u32) -> Self {
        let file = choice.file();
        let model = match &file {
            Some(file) => Model::read(file).map(Arc::new).map_err(|error| error.to_string()),
            None => built_in_model().clone(),
        };
        let playable = model.and_then(|model| {
            let decoder = BankDecoder::new(&model).map_err(|error| error.to_string())?;
            Ok((model, decoder))
        });
        match playable {
            Ok((model, decoder)) => Self {
                revision,
                number,
                sha256: Some(model.sha256_hex()),
                problem: changed_since_saved(choice, &model),
                model: Some(model),
                file,
                refused: None,
                decoder: Some(decoder),
                phrases: SequenceFile::new(built_in_phrases),
                steps: SequenceFile::new(built_in_steps),
            },
            Err(sentence) => Self {
                revision,
                number,
                model: None,
                file,
                sha256: None,
                refused: Some(sentence.clone()),
                problem: Some(sentence),
                decoder: None,
                phrases: SequenceFile::new(built_in_phrases),
                steps: SequenceFile::new(built_in_steps),
            },
        }
    }

    /// Whether this is the model of `choice`, and usable. With another hash in `choice` the file may have
    /// changed since.
    fn plays(&self, choice: &ModelChoice) -> bool {
        let same = choice.sha256.is_none() || choice.sha256 == self.sha256;
        self.model.is_some() && self.file == choice.file() && same
    }

    /// Decodes the bank of these settings, where there is a model.
    fn decode(&mut self, settings: &Settings, shape: &Shape) -> Option<Bank> {
        let decoder = self.decoder.as_mut()?;
        match self.phrases.take(settings.phrase) {
            Some(Ok(phrases)) => decoder.set_phrase_model(phrases),
            Some(Err(error)) => self.problem = Some(error.to_string()),
            None => {}
        }
        match self.steps.take(shape.continuation.is_some()) {
            Some(Ok(steps)) => decoder.set_step_model(steps),
            Some(Err(error)) => self.problem = Some(error.to_string()),
            None => {}
        }
        Some(decoder.decode_shaped(settings, shape, self.number))
    }
}

impl LoadedModel {
    /// The first pattern at a map point.
    fn preview(&self, settings: &Settings, shape: &Shape, place: [f32; 2]) -> Option<Pattern> {
        self.decoder.as_ref().map(|decoder| decoder.preview(settings, shape, place))
    }

    /// The picture of the model's map.
    fn picture(&self) -> Option<MapPicture> {
        self.decoder
            .as_ref()
            .map(|decoder| MapPicture::paint(decoder.map(), &decoder.hits_over_the_map(HITS_SIDE)))
    }
}

/// The built-in model, parsed once per process: all instances share it.
fn built_in_model() -> &'static Result<Arc<Model>, String> {
    static MODEL: OnceLock<Result<Arc<Model>, String>> = OnceLock::new();
    MODEL.get_or_init(|| {
        let model = Model::from_bytes("the built-in model", BUILT_IN);
        model.map(Arc::new).map_err(|error| error.to_string())
    })
}

fn built_in_phrases() -> Result<PhraseModel, ModelError> {
    let name = "the built-in phrase model";
    PhraseModel::of(&SequenceModel::from_bytes(name, PHRASES)?, name)
}

fn built_in_steps() -> Result<StepModel, ModelError> {
    let name = "the built-in step model";
    StepModel::of(&SequenceModel::from_bytes(name, STEPS)?, name)
}

/// The sentence for a file that has changed since the project was saved.
fn changed_since_saved(choice: &ModelChoice, model: &Model) -> Option<String> {
    let saved = choice.sha256.as_ref().filter(|saved| **saved != model.sha256_hex())?;
    let name = choice.file().map_or("The built-in model".into(), |file| file.display().to_string());
    let short: String = saved.chars().take(8).collect();
    Some(format!(
        "{name} has changed since this project was saved (its hash began with {short}); the beats may differ."
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::capture::{CaptureInput, capture_queue};
    use crate::crossing::{BankReader, bank_crossing};

    /// A decode thread with the ends of the other threads.
    struct Rig {
        params: Arc<BeatfieldParams>,
        thread: DecodeThread,
        banks: BankReader,
        _played: CaptureInput,
    }

    impl Rig {
        fn start() -> Self {
            let (params, shared, meters) =
                (Arc::<BeatfieldParams>::default(), Arc::default(), Arc::default());
            let ((writer, banks), (input, output)) = (bank_crossing(), capture_queue());
            let thread = DecodeThread::start(params.clone(), writer, output, shared, meters);
            Self { params, thread: thread.expect("a thread"), banks, _played: input }
        }
    }

    #[test]
    fn an_activation_has_the_bank_of_the_settings_as_they_are_then() {
        let mut rig = Rig::start();
        for seed in [4711, 12, 13] {
            set(&rig.params.seed, seed);
            assert!(rig.thread.wait_for(&rig.params.settings()));
            assert!(rig.banks.take_newest());
            assert_eq!(rig.banks.current().settings(), &rig.params.settings());
        }
    }

    #[test]
    fn a_bank_that_never_comes_is_waited_for_half_a_second_and_not_at_all_once_the_thread_has_ended() {
        let rig = Rig::start();
        let never = Settings { revision: 99, ..Settings::DEFAULT };
        assert!(!rig.thread.wait_for(&never));
        rig.thread.progress.note(|state| state.ended = true);
        let start = Instant::now();
        assert!(!rig.thread.wait_for(&never));
        assert!(start.elapsed() < ACTIVATION_TIMEOUT);
    }

    #[test]
    fn decoding_starts_once_with_the_window_or_the_activation_and_ends_for_good() {
        let (params, shared) = (Arc::<BeatfieldParams>::default(), Arc::<SharedState>::default());
        let ((writer, _banks), (_input, output)) = (bank_crossing(), capture_queue());
        let decoding = Decoding::new(params.clone(), shared.clone(), Arc::default(), writer, output);
        assert!(decoding.thread().is_none(), "a scan for plugins starts no thread");
        decoding.start();
        decoding.start();
        assert!(decoding.thread().as_ref().is_some_and(|thread| thread.wait_for(&params.settings())));
        decoding.end();
        decoding.start();
        assert!(decoding.thread().is_none());
    }

    /// It used to end the thread without a word.
    #[test]
    fn a_panic_while_the_record_is_drained_is_reported() {
        let (shared, meters) = (Arc::<SharedState>::default(), Arc::<Meters>::default());
        let ((writer, _banks), (mut input, mut output)) = (bank_crossing(), capture_queue());
        output.broken = true;
        input.begin(&beat::Transport {
            playing: true,
            beats: 0.0,
            tempo: 120.0,
            sample_rate: 48_000.0,
            frames: 480,
            loop_range: None,
            bar: None,
        });
        let thread = DecodeThread::start(Arc::default(), writer, output, shared.clone(), meters.clone());
        assert!(!thread.expect("a thread").wait_for(&Settings { revision: 99, ..Settings::DEFAULT }));
        assert!(meters.decoder_ended());
        assert!(shared.decoded().problem.as_ref().is_some_and(|problem| problem.contains("a defect")));
    }

    /// Their error never reached the window, and every bank read them again.
    #[test]
    fn a_sequence_model_that_is_refused_is_read_once_and_the_window_says_why() {
        static READ: AtomicUsize = AtomicUsize::new(0);
        fn refused<T>() -> Result<T, ModelError> {
            READ.fetch_add(1, Ordering::Relaxed);
            Err(Model::from_bytes("the phrase model", b"no model").expect_err("no model"))
        }
        let (shared, (writer, _banks), (_input, played)) =
            (Arc::<SharedState>::default(), bank_crossing(), capture_queue());
        let params = Arc::<BeatfieldParams>::default();
        let mut model = LoadedModel::load(&ModelChoice::default(), 0, 1);
        (model.phrases, model.steps) = (SequenceFile::new(refused), SequenceFile::new(refused));
        let mut decode_loop = DecodeLoop {
            params: params.clone(),
            banks: writer,
            played,
            shared: shared.clone(),
            meters: Arc::default(),
            progress: Arc::default(),
            model: Some(model),
            decoded: None,
        };
        assert!(decode_loop.update());
        assert_eq!(shared.decoded().problem, None);
        for seed in [1, 2, 3] {
            set(&params.phrase, true);
            set(&params.seed, seed);
            assert!(decode_loop.update());
            let problem = shared.decoded().problem.clone().expect("the window says why");
            assert!(problem.contains("the phrase model"), "{problem}");
        }
        assert_eq!(READ.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn every_instance_shares_the_built_in_model() {
        let models = [1, 2].map(|number| LoadedModel::load(&ModelChoice::default(), 0, number).model);
        let [Some(first), Some(second)] = models else { panic!("the built-in model is sound") };
        assert!(Arc::ptr_eq(&first, &second));
    }

    /// Sets a parameter as a host does.
    #[allow(unsafe_code, reason = "the framework lets hosts alone set a parameter")]
    fn set<P: nice_plug::prelude::Param>(param: &P, value: P::Plain) {
        // SAFETY: the parameter lives through the call.
        unsafe { param.as_ptr()._internal_set_normalized_value(param.preview_normalized(value)) };
    }
}

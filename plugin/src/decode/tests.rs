use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use beat::{Bank, Continuation, Edits, Grid, Kit, Pattern, Settings, Shape, Take};
use nets::{Model, ModelError};
use nice_plug::prelude::Params;

use super::decode_loop::{DecodeLoop, DecodeProgress, Field};
use super::loaded_model::{LoadedModel, SequenceFile};
use super::{ACTIVATION_TIMEOUT, DecodeThread, Decoding};
use crate::capture::{CaptureInput, capture_queue};
use crate::crossing::{BankReader, bank_crossing};
use crate::params::{BeatfieldParams, MetreChoice};
use crate::saved::{KeptBank, ModelChoice};
use crate::shared::{Meters, SharedState};

const GRID: Grid = Grid::FOUR_FOUR;

/// A decode thread with the ends of the other threads.
struct Rig {
    params: Arc<BeatfieldParams>,
    shared: Arc<SharedState>,
    thread: DecodeThread,
    banks: BankReader,
    _played: CaptureInput,
}

impl Rig {
    fn start() -> Self {
        let (params, shared) = (Arc::<BeatfieldParams>::default(), Arc::<SharedState>::default());
        let ((writer, banks), (input, output)) = (bank_crossing(), capture_queue());
        let thread = DecodeThread::start(params.clone(), writer, output, shared.clone(), Arc::default());
        Self { params, shared, thread: thread.expect("a thread"), banks, _played: input }
    }

    /// The first pattern that plays in 4/4 with the settings of now.
    fn plays(&mut self) -> Pattern {
        assert!(self.thread.wait_for(&self.params.settings()));
        self.banks.take_newest(GRID);
        assert_eq!(self.banks.current().settings(), &self.params.settings());
        self.banks.current().takes()[0].onsets
    }
}

#[test]
fn an_activation_has_the_bank_of_the_settings_as_they_are_then() {
    let mut rig = Rig::start();
    for seed in [4711, 12, 13] {
        set(&rig.params.seed, seed);
        assert!(rig.thread.wait_for(&rig.params.settings()));
        assert!(rig.banks.take_newest(GRID));
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
        compound: false,
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
    let progress = Arc::<DecodeProgress>::default();
    let mut decode_loop =
        DecodeLoop::new(params.clone(), writer, played, shared.clone(), Arc::default(), progress);
    decode_loop.fields[GRID.index()] = Some(Field::new(model));
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

/// A project of an earlier build: its bank is not what is decoded of its settings today.
fn open_project(params: &BeatfieldParams, settings: &Settings) -> Pattern {
    let mut take = Take::EMPTY;
    take.onsets = take.onsets.with(7, 3);
    take.velocities[7][3] = 99;
    let bank = Bank::new(&[take; 8], 1, GRID, Kit::DEFAULT, *settings, 1);
    let mut fields = BeatfieldParams::default().serialize_fields();
    let bank = serde_json::to_string(&KeptBank::of(&bank, &Shape::NONE)).expect("plain numbers");
    fields.insert("bank".into(), bank.replace("\"law\":", "\"law\":0,\"was\":"));
    fields.insert("model".into(), r#"{"sha256":"of an earlier build"}"#.into());
    params.deserialize_fields(&fields);
    take.onsets
}

/// It was decoded anew when it was opened, so that a project changed with the plugin.
#[test]
fn an_opened_project_plays_its_bank_until_something_that_shapes_it_is_changed() {
    let mut rig = Rig::start();
    let kept = open_project(&rig.params, &rig.params.settings());
    assert_eq!(rig.plays(), kept);
    let field = |params: &BeatfieldParams| serde_json::to_value(params.saved.kept_bank(&GRID)).expect("JSON");
    assert_eq!(field(&rig.params)["law"], 0, "and saves it as what it is");
    assert!(rig.shared.decoded().of_another_build);
    set(&rig.params.seed, 5);
    assert_ne!(rig.plays(), kept);
    assert!(!rig.shared.decoded().of_another_build, "no sentence outlives what it says");
    assert_eq!(field(&rig.params)["law"], beat::SETTINGS_VERSION);
    set(&rig.params.seed, 4711);
    assert_eq!(rig.plays(), kept, "back is back");
    rig.params.saved.set_shape(&turned(1));
    assert_ne!(rig.plays(), kept);
    rig.params.saved.set_shape(&Shape::NONE);
    assert_ne!(rig.plays(), kept, "a change of the shape can't be taken back");
}

/// The sentence on the project before stayed, and the built-in model was loaded anew, which cut the notes off.
#[test]
fn an_undo_in_the_host_to_a_state_of_another_build_and_back_keeps_the_model() {
    let mut rig = Rig::start();
    open_project(&rig.params, &rig.params.settings());
    rig.plays();
    let number = rig.shared.decoded().model_number;
    let today = BeatfieldParams::default().serialize_fields();
    for _ in 0..2 {
        rig.params.deserialize_fields(&today);
        rig.plays();
        assert!(!rig.shared.decoded().of_another_build);
        open_project(&rig.params, &rig.params.settings());
        rig.plays();
        assert!(rig.shared.decoded().of_another_build);
        assert_eq!((rig.shared.decoded().model_number, rig.shared.decoded().problem.clone()), (number, None));
    }
}

/// A lock was set and the project saved before it was decoded, or somebody edited the state.
#[test]
fn a_bank_of_another_shape_than_the_projects_is_not_played() {
    let mut rig = Rig::start();
    let kept = open_project(&rig.params, &rig.params.settings());
    assert_eq!(rig.plays(), kept);
    let mut fields = rig.params.serialize_fields();
    fields.insert("shape".into(), r#"{"rotation":3}"#.into());
    rig.params.deserialize_fields(&fields);
    assert_ne!(rig.plays(), kept);
    fields.insert("shape".into(), r#"{"rotation":0}"#.into());
    rig.params.deserialize_fields(&fields);
    assert_eq!(rig.plays(), kept);
}

/// A choice without a hash is new: the bank beside it is of the model before, and must not be saved beside
/// the hash of this one.
#[test]
fn a_bank_of_another_model_than_the_chosen_one_is_not_played() {
    let mut rig = Rig::start();
    let kept = open_project(&rig.params, &rig.params.settings());
    assert_eq!(rig.plays(), kept);
    let mut fields = rig.params.serialize_fields();
    fields.insert("model".into(), "{}".into());
    rig.params.deserialize_fields(&fields);
    assert_ne!(rig.plays(), kept);
    rig.params.deserialize_fields(&rig.params.serialize_fields());
    assert_ne!(rig.plays(), kept);
}

/// A host changed a parameter where nothing decoded, and saved.
#[test]
fn a_bank_of_other_settings_than_the_projects_is_not_played() {
    let mut rig = Rig::start();
    let kept = open_project(&rig.params, &Settings { seed: 1, ..rig.params.settings() });
    assert_ne!(rig.plays(), kept);
    set(&rig.params.seed, 1);
    assert_eq!(rig.plays(), kept, "but it answers its own");
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

fn turned(rotation: u8) -> Shape {
    Shape::NONE.with_edits(&GRID, Edits { rotation, ..Edits::NONE })
}

/// The version, then of each case the onsets of two takes and sums over their velocities and offsets.
fn shipped_banks() -> String {
    use std::fmt::Write as _;
    let mut model = LoadedModel::load(&ModelChoice::default(), 0, 1);
    let there = Settings { x: 0.3, y: 0.6, ..Settings::DEFAULT };
    let pattern = [0, 8, 16, 24].iter().fold(Pattern::EMPTY.with(4, 1), |beat, step| beat.with(*step, 0));
    let continuation = Some(Continuation { pattern, place: [0.3, 0.6], take: 0 });
    let cases = [
        ("plain", Settings { temperature: 0.0, ..there }, Shape::NONE),
        ("temperature", Settings { temperature: 1.2, density: -0.3, ..there }, Shape::NONE),
        ("phrase", Settings { phrase: true, ..there }, Shape::NONE),
        ("fills", Settings { phrase: true, fills: 1.0, seed: 3, ..there }, Shape::NONE),
        ("orbit", Settings { orbit_bars: 8, ..there }, Shape::NONE),
        ("continue", there, Shape::NONE.with_edits(&GRID, Edits { continuation, ..Edits::NONE })),
        ("rotation", there, turned(3)),
    ];
    let mut text = format!("version {}\n", beat::SETTINGS_VERSION);
    for (name, settings, shape) in cases {
        let bank = model.decode(&settings, &shape).expect("the built-in model");
        for take in [0, 5].map(|take| &bank.takes()[take]) {
            let weighted = |sum: i64, (at, value): (usize, i64)| sum + (at as i64 + 1) * value;
            let velocities = take.velocities.as_flattened().iter().map(|value| i64::from(*value));
            let offsets = take.offsets.as_flattened().iter().map(|value| i64::from(*value));
            let sums = (velocities.enumerate().fold(0, weighted), offsets.enumerate().fold(0, weighted));
            writeln!(text, "{name} {:?} {sums:?}", take.onsets.steps()).expect("a string takes all");
        }
    }
    text
}

/// Kept for each version of the decoder; `cargo test -p beatfield --lib write_the_golden_banks -- --ignored`
/// writes it for another one.
fn golden_banks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decode/shipped.txt")
}

#[test]
fn the_shipped_models_give_the_banks_of_this_version() {
    let kept = std::fs::read_to_string(golden_banks()).expect("the golden file");
    assert_eq!(
        shipped_banks(),
        kept,
        "old projects would play something else: raise beat::SETTINGS_VERSION, and write the file anew"
    );
}

#[test]
#[ignore = "writes the golden file of another beat::SETTINGS_VERSION"]
fn write_the_golden_banks() {
    let found = shipped_banks();
    let kept = std::fs::read_to_string(golden_banks()).unwrap_or_default();
    let version = format!("version {}\n", beat::SETTINGS_VERSION);
    assert!(found == kept || !kept.starts_with(&version), "raise beat::SETTINGS_VERSION first");
    std::fs::write(golden_banks(), found).expect("the golden file can be written");
}

/// Painting the whole picture kept a bank waiting for seconds on a busy machine, longer than an offline render waits.
#[test]
fn a_bank_does_not_wait_for_the_picture_of_the_map() {
    let rig = Rig::start();
    assert!(rig.thread.wait_for(&rig.params.settings()));
    rig.shared.requests.request_picture();
    for seed in [1, 2, 3] {
        set(&rig.params.seed, seed);
        assert!(rig.thread.wait_for(&rig.params.settings()));
        assert!(rig.shared.decoded().picture.is_none(), "banks come first");
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while rig.shared.decoded().picture.is_none() && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert!(rig.shared.decoded().picture.is_some());
}

impl Rig {
    /// The grid and the first pattern of the newest bank of `grid`.
    fn plays_on(&mut self, grid: Grid) -> (Grid, Pattern) {
        assert!(self.thread.wait_for(&self.params.settings()));
        self.banks.take_newest(grid);
        let bank = self.banks.current();
        assert_eq!(bank.settings(), &self.params.settings());
        (*bank.grid(), bank.takes()[0].onsets)
    }
}

/// A song may change its time signature at any bar: the bank of the other field must be there.
#[test]
fn a_metre_that_follows_the_host_has_a_bank_for_every_time_signature() {
    let mut rig = Rig::start();
    for seed in [4711, 5] {
        set(&rig.params.seed, seed);
        for grid in Grid::ALL {
            assert_eq!(rig.plays_on(grid).0, grid);
        }
    }
    set(&rig.params.metre, MetreChoice::Three);
    set(&rig.params.seed, 6);
    assert_eq!(rig.plays_on(Grid::THREE).0, Grid::THREE);
    rig.banks.take_newest(Grid::FOUR_FOUR);
    assert_eq!(rig.banks.current().settings().seed, 5, "a fixed metre decodes no other");
}

#[test]
fn the_window_shows_the_field_of_the_metre() {
    let rig = Rig::start();
    for (metre, grid) in [
        (MetreChoice::Shuffle, Grid::SHUFFLE),
        (MetreChoice::Auto, Grid::FOUR_FOUR),
        (MetreChoice::Three, Grid::THREE),
    ] {
        set(&rig.params.metre, metre);
        let deadline = Instant::now() + Duration::from_secs(60);
        let shown = || rig.shared.decoded().model.as_ref().map(|model| *model.grid());
        while shown() != Some(grid) && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert_eq!(shown(), Some(grid), "{metre:?}");
    }
}

/// A file replaces the field of its own metre; the others stay, and its grid is known without the file.
#[test]
fn a_chosen_model_plays_in_its_own_metre_only() {
    let path = std::env::temp_dir().join(format!("beatfield shuffle {}.safetensors", std::process::id()));
    let mine = Model::new("mine", Model::synthetic_parts_on(Grid::SHUFFLE, 3)).expect("a sound model");
    std::fs::write(&path, mine.to_bytes(nets::Precision::Single)).expect("it is written");
    let mut rig = Rig::start();
    let before = Grid::ALL.map(|grid| rig.plays_on(grid).1);
    rig.params.saved.choose_model(ModelChoice::of(&path));
    let after = Grid::ALL.map(|grid| rig.plays_on(grid).1);
    assert_eq!((after[0], after[2]), (before[0], before[2]));
    assert_ne!(after[1], before[1]);
    let (choice, _) = rig.params.saved.model();
    assert_eq!(choice.grid(), Grid::SHUFFLE);
    rig.params.saved.choose_model(ModelChoice::default());
    assert_eq!(Grid::ALL.map(|grid| rig.plays_on(grid).1), before);
    std::fs::remove_file(&path).expect("it was there");
}

/// Each grid's bank is saved, with the edits of its own grid.
#[test]
fn a_project_brings_the_banks_of_all_its_metres() {
    let mut rig = Rig::start();
    let edits = Edits { rotation: 1, ..Edits::NONE };
    rig.params.saved.set_shape(&Shape::NONE.with_edits(&Grid::SHUFFLE, edits));
    for grid in Grid::ALL {
        rig.plays_on(grid);
    }
    let fields = rig.params.serialize_fields();
    let text = fields["bank"].replace("\"law\":", "\"law\":0,\"was\":");
    // What another build made of the same settings.
    let mut banks: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut expected = Vec::new();
    for grid in Grid::ALL {
        let bank = match grid.index() {
            0 => &mut banks,
            _ => &mut banks[grid.name()],
        };
        let first = bank["takes"][0].clone();
        let hits = first["velocities"].as_array().map_or(0, Vec::len);
        assert!(hits > 0, "{}", grid.name());
        bank["takes"][0]["velocities"] = vec![3; hits].into();
        expected.push(hits);
    }
    let mut fields = fields;
    fields.insert("bank".into(), banks.to_string());
    rig.params.deserialize_fields(&fields);
    for (grid, hits) in Grid::ALL.into_iter().zip(expected) {
        rig.plays_on(grid);
        let take = rig.banks.current().takes()[0];
        let soft = take.onsets.cells().filter(|(step, drum)| take.velocities[*step][*drum] == 3);
        assert_eq!(soft.count(), hits, "{}", grid.name());
    }
}

//! Plays the demo on an instance: the puck travels through the regions of the map, or stays in a few while
//! phrases play there, and notes and audio are recorded.

use super::journey::Journey;
use crate::hosts::saved_state::{KitCard, ModelCard};
use crate::{HostError, Instance, Mode, ParameterId, Recording, Session, Setup};
use beat::{Grid, INSTRUMENTS, NoteEvent, NoteKind};
use std::time::{Duration, Instant};

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tour {
    /// 32 bars in which the puck moves over the map and the temperature rises.
    Journey,
    /// 64 bars in phrase mode: the puck stays in four regions, for one phrase each.
    Phrases,
}

impl Tour {
    /// How many bars it has.
    pub fn bars(self) -> u32 {
        match self {
            Self::Journey => 32,
            Self::Phrases => 64,
        }
    }

    /// The number of stops at most, and the part of a stop's bars for which the puck stays.
    fn stops(self) -> (usize, f64) {
        match self {
            Self::Journey => (8, 0.5),
            Self::Phrases => (4, 1.0),
        }
    }

    /// The temperature after the part `part` (0..=1) of the tour.
    fn temperature(self, part: f64) -> f64 {
        match self {
            Self::Journey => part.clamp(0.0, 1.0),
            Self::Phrases => PHRASES_TEMPERATURE,
        }
    }
}

/// The temperature at which phrases are played.
const PHRASES_TEMPERATURE: f64 = 0.4;
/// The names of the metres as the parameter shows them, by [`Grid::index`].
pub const METRES: [&str; Grid::ALL.len()] = ["4/4", "Shuffle", "Three"];
/// Quarter notes a minute.
pub const TEMPO: f64 = 120.0;
/// Samples a second.
pub const RATE: f64 = 48_000.0;
/// Samples of a block: the puck moves once a block, 187 times a second.
pub const FRAMES: u32 = 256;
/// A little denser than the model's own beats: 32 bars of the sparsest genres have too few notes for the demo.
const DENSITY: &str = "0.2";
/// Samples before the transport starts.
const PRE_ROLL: u32 = 4800;
/// The longest decay after the last beat, in blocks: five seconds.
const LONGEST_TAIL: u32 = 5 * 48_000 / FRAMES;

/// What plays now, for a display.
pub struct DemoStatus<'a> {
    /// Song position in quarter notes.
    pub beats: f64,
    /// Where the puck stands, 0..=1 each.
    pub puck: (f64, f64),
    /// The region that the puck is in; empty where none has a name.
    pub region: &'a str,
    /// The temperature as the parameter counts it.
    pub temperature: f64,
    /// The notes of the current two bars so far.
    pub grid: &'a CycleGrid,
    /// Notes so far.
    pub notes: usize,
}

/// The recording of a tour.
pub struct DemoRecording {
    /// The notes.
    pub recording: Recording,
    /// What was played.
    pub tour: Tour,
    /// On which grid.
    pub grid: Grid,
    /// The built-in kit, left and right, from the first beat until it is silent.
    pub audio: [Vec<f32>; 2],
    /// The regions in the order of the puck's first visit.
    pub regions: Vec<String>,
    /// How long the rendering took.
    pub took: Duration,
}

impl DemoRecording {
    /// The samples of the audio at which notes start, in order.
    pub fn starts(&self) -> Vec<u64> {
        self.recording.notes.iter().map(|note| note.start.saturating_sub(u64::from(PRE_ROLL))).collect()
    }
}

/// The parameters that the demo moves.
struct DemoParameters {
    tour: Tour,
    grid: Grid,
    x: ParameterId,
    y: ParameterId,
    temperature: ParameterId,
    /// The normalised value of temperature 1.
    one: f64,
}

/// Plays a tour on `instance`, in the metre of `grid`, whose model has this `card`, with this seed (0..=9999), and calls
/// `watch` after every block. In [`Mode::Realtime`] it plays in real time.
///
/// # Errors
/// The instance lacks a parameter or fails.
pub fn play(
    instance: &mut Instance,
    card: &ModelCard,
    tour: Tour,
    grid: Grid,
    seed: u16,
    mode: Mode,
    watch: &mut dyn FnMut(&DemoStatus<'_>),
) -> Result<DemoRecording, HostError> {
    let journey = Journey::new(&card.regions, u64::from(seed), tour.bars(), tour.stops());
    let temperature = instance.parameter("Temperature")?;
    let parameters = DemoParameters {
        tour,
        grid,
        x: instance.parameter("X")?,
        y: instance.parameter("Y")?,
        temperature,
        one: instance.parse(temperature, "1")?,
    };
    let setup = Setup { rate: RATE, most_frames: FRAMES, ..Setup::new(mode) };
    let mut session = Session::start(instance, setup, TEMPO)?;
    session.set_bounce(mode)?;
    session.set_text("Seed", &seed.to_string())?;
    session.set_text("Density", DENSITY)?;
    session.set_text("Metre", METRES[grid.index()])?;
    let (upper, lower) = time_signature(&grid);
    session.transport().set_time_signature(upper.into(), lower.into());
    session.set_text("Phrase", if tour == Tour::Phrases { "On" } else { "Off" })?;
    let swing = session.instance().parameter("Swing")?;
    session.set(swing, 0.0);

    let started = Instant::now();
    move_parameters(&mut session, &parameters, &journey, 0.0);
    let mut left = PRE_ROLL;
    while left > 0 {
        keep_time(&session, mode, started);
        session.render(left.min(FRAMES))?;
        left -= left.min(FRAMES);
    }
    let mut regions = Vec::new();
    let mut cycle = CycleGrid::new(&card.kit, grid);
    let mut notes = 0;
    session.keep_audio();
    session.transport().play();
    let end = f64::from(tour.bars()) * grid.bar_beats();
    while session.transport().beats() < end {
        let beats = session.transport().beats();
        let (puck, temperature) = move_parameters(&mut session, &parameters, &journey, beats);
        keep_time(&session, mode, started);
        // The last block ends at the end of the tour.
        let to_end = ((end - beats) * 60.0 * RATE / TEMPO).ceil() as u32;
        session.render(to_end.clamp(1, FRAMES))?;
        let region = journey.region(puck);
        if !region.is_empty() && !regions.iter().any(|visited| visited == region) {
            regions.push(region.to_owned());
        }
        notes += cycle.add(beats, TEMPO / (60.0 * RATE), session.last_events());
        watch(&DemoStatus { beats, puck, region, temperature, grid: &cycle, notes });
    }
    session.transport().stop();
    session.render(FRAMES)?;
    for _ in 0..LONGEST_TAIL {
        if session.is_silent() {
            break;
        }
        keep_time(&session, mode, started);
        session.render(FRAMES)?;
    }
    let audio = session.take_audio();
    Ok(DemoRecording { recording: session.finish()?, tour, grid, audio, regions, took: started.elapsed() })
}

/// Sets X, Y and the temperature for this position; returns the puck and the temperature.
fn move_parameters(
    session: &mut Session<'_>,
    parameters: &DemoParameters,
    journey: &Journey,
    beats: f64,
) -> ((f64, f64), f64) {
    let (x, y) = journey.puck(beats / parameters.grid.bar_beats());
    let temperature = parameters
        .tour
        .temperature(beats / (f64::from(parameters.tour.bars()) * parameters.grid.bar_beats()));
    session.set(parameters.x, x);
    session.set(parameters.y, y);
    session.set(parameters.temperature, temperature * parameters.one);
    ((x, y), temperature)
}

/// In real time, waits until the clock reaches the end of what was rendered.
fn keep_time(session: &Session<'_>, mode: Mode, started: Instant) {
    if mode == Mode::Realtime {
        let due = started + Duration::from_secs_f64(session.recorder().elapsed() as f64 / RATE);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

/// The time signature of a song in a grid: beats of a bar and the note value of a beat.
pub fn time_signature(grid: &Grid) -> (u8, u8) {
    (grid.bar_beats() as u8, 4)
}

/// The notes of the current cycle as a grid of cells, instruments by steps.
#[derive(Clone, Debug)]
pub struct CycleGrid {
    grid: Grid,
    names: [String; INSTRUMENTS],
    notes: [u8; INSTRUMENTS],
    cycle: i64,
    cells: [u32; INSTRUMENTS],
    playhead: usize,
}

impl CycleGrid {
    /// An empty grid over this kit.
    pub fn new(kit: &KitCard, grid: Grid) -> Self {
        let (names, notes) = (kit.names.clone(), kit.notes);
        Self { grid, names, notes, cycle: 0, cells: [0; INSTRUMENTS], playhead: 0 }
    }

    /// Adds the events of a block that starts at `beats`; returns how many notes started.
    fn add(&mut self, beats: f64, beats_a_sample: f64, events: &[NoteEvent]) -> usize {
        let mut started = 0;
        self.seek(beats);
        for event in events.iter().filter(|event| event.kind != NoteKind::Off) {
            started += 1;
            // An onset lies up to half a sample before its step.
            let step = self.seek(beats + f64::from(event.sample) * beats_a_sample + 1e-3);
            if let Some(instrument) = self.notes.iter().position(|&note| note == event.note) {
                self.cells[instrument] |= 1 << step;
            }
        }
        started
    }

    /// How its steps lie in time.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The row of an instrument: its name, and one character for each step.
    pub fn row(&self, instrument: usize) -> (&str, String) {
        let cell = |step: usize| if self.cells[instrument] >> step & 1 == 1 { 'x' } else { '.' };
        (&self.names[instrument], (0..self.grid.steps()).map(cell).collect())
    }

    /// The current step.
    pub fn playhead(&self) -> usize {
        self.playhead
    }

    /// The number of the cycle, from 0.
    pub fn cycle(&self) -> i64 {
        self.cycle
    }

    /// Moves the playhead; a new cycle starts with an empty grid.
    fn seek(&mut self, beats: f64) -> usize {
        let (step, steps) = ((beats / self.grid.step_beats()).floor() as i64, self.grid.steps() as i64);
        let cycle = step.div_euclid(steps);
        if cycle != self.cycle {
            self.cycle = cycle;
            self.cells = [0; INSTRUMENTS];
        }
        self.playhead = step.rem_euclid(steps) as usize;
        self.playhead
    }
}

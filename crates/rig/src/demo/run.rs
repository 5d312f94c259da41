//! Plays the demo on an instance: the puck travels through the regions of the map, or stays in a few while
//! phrases play there, and notes and audio are recorded.

use super::journey::Journey;
use crate::hosts::saved_state::{Card, KitCard};
use crate::{HostError, Instance, Mode, ParameterId, Recording, Session, Setup};
use beat::{INSTRUMENTS, NoteEvent, NoteKind, STEPS, STEPS_PER_BEAT};
use std::time::{Duration, Instant};

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tour {
    /// 32 bars in which the puck travels while the temperature rises.
    Journey,
    /// 64 bars in phrase mode: the puck rests in four regions, for one phrase each.
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

    /// In how many regions the puck rests, at most, and for which part of a region's bars.
    fn rests(self) -> (usize, f64) {
        match self {
            Self::Journey => (8, 0.5),
            Self::Phrases => (4, 1.0),
        }
    }

    /// The temperature `part` (0..=1) of the way.
    fn warmth(self, part: f64) -> f64 {
        match self {
            // From the likeliest beats to free play.
            Self::Journey => part.clamp(0.0, 1.0),
            Self::Phrases => PHRASES_WARMTH,
        }
    }
}

/// The temperature at which phrases are played.
const PHRASES_WARMTH: f64 = 0.4;
/// Its tempo, in quarter notes a minute.
pub const TEMPO: f64 = 120.0;
/// Quarter notes of one bar.
pub const BEATS_PER_BAR: f64 = 4.0;
/// Samples a second.
pub const RATE: f64 = 48_000.0;
/// Samples of a block: the puck moves once a block, 187 times a second.
pub const FRAMES: u32 = 256;
/// A little busier than the map's own beats, as one plays for an audience: 32 bars of the sparsest genres
/// would stay below the notes that a demo must have.
const DENSITY: &str = "0.2";
/// Samples for which the transport stands before it rolls, as in a DAW that was just opened.
const BEFORE: u32 = 4800;
/// The longest that the last drums may ring, in blocks: five seconds.
const LONGEST_TAIL: u32 = 5 * 48_000 / FRAMES;

/// What plays at a moment, for a screen.
pub struct Moment<'a> {
    /// Song position in quarter notes.
    pub beats: f64,
    /// Where the puck stands, 0..=1 each.
    pub puck: (f64, f64),
    /// The region that the puck is in; empty where none has a name.
    pub region: &'a str,
    /// The temperature as the parameter counts it.
    pub temperature: f64,
    /// The two bars that play, as far as they have been heard.
    pub grid: &'a Grid,
    /// Notes so far.
    pub notes: usize,
}

/// What a tour left behind.
pub struct Performance {
    /// Everything that was recorded.
    pub recording: Recording,
    /// What was played.
    pub tour: Tour,
    /// What the built-in kit played, left and right, from the first beat until it was silent.
    pub audio: [Vec<f32>; 2],
    /// Regions in the order in which the puck came through them, each once; none where none has a name.
    pub regions: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Performance {
    /// The samples of the audio at which notes start, in order.
    pub fn starts(&self) -> Vec<u64> {
        self.recording.notes.iter().map(|note| note.start.saturating_sub(u64::from(BEFORE))).collect()
    }
}

/// The parameters that the demo moves.
struct Hands {
    tour: Tour,
    x: ParameterId,
    y: ParameterId,
    temperature: ParameterId,
    /// Temperature 1 as a part of the parameter's range.
    one: f64,
}

/// Plays a tour on `instance`, whose model has this `card`, with these dice (0..=9999), and calls
/// `watch` after every block. In [`Mode::Realtime`] it keeps to the clock.
///
/// # Errors
/// The instance lacks a parameter or fails.
pub fn play(
    instance: &mut dyn Instance,
    card: &Card,
    tour: Tour,
    seed: u16,
    mode: Mode,
    watch: &mut dyn FnMut(&Moment<'_>),
) -> Result<Performance, HostError> {
    let journey = Journey::new(&card.regions, u64::from(seed), tour.bars(), tour.rests());
    let temperature = instance.parameter("Temperature")?;
    let hands = Hands {
        tour,
        x: instance.parameter("X")?,
        y: instance.parameter("Y")?,
        temperature,
        one: instance.parse(temperature, "1")?,
    };
    let setup = Setup { rate: RATE, most_frames: FRAMES, mode };
    let mut session = Session::start(instance, setup, TEMPO)?;
    session.set_bounce(mode)?;
    session.set_text("Seed", &seed.to_string())?;
    session.set_text("Density", DENSITY)?;
    session.set_text("Phrase", if tour == Tour::Phrases { "On" } else { "Off" })?;
    let swing = session.instance().parameter("Swing")?;
    session.set(swing, 0.0);

    let started = Instant::now();
    move_hands(&mut session, &hands, &journey, 0.0);
    let mut left = BEFORE;
    while left > 0 {
        keep_time(&session, mode, started);
        session.render(left.min(FRAMES))?;
        left -= left.min(FRAMES);
    }
    let mut regions = Vec::new();
    let mut grid = Grid::new(&card.kit);
    let mut notes = 0;
    session.keep_audio();
    session.transport().play();
    let end = f64::from(tour.bars()) * BEATS_PER_BAR;
    while session.transport().beats() < end {
        let beats = session.transport().beats();
        let (puck, warmth) = move_hands(&mut session, &hands, &journey, beats);
        keep_time(&session, mode, started);
        // The last block stops short of the bar behind the end.
        let to_end = ((end - beats) * 60.0 * RATE / TEMPO).ceil() as u32;
        session.render(to_end.clamp(1, FRAMES))?;
        let region = journey.region(puck);
        if !region.is_empty() && !regions.iter().any(|visited| visited == region) {
            regions.push(region.to_owned());
        }
        notes += grid.hear(beats, TEMPO / (60.0 * RATE), session.last_events());
        watch(&Moment { beats, puck, region, temperature: warmth, grid: &grid, notes });
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
    Ok(Performance { recording: session.finish()?, tour, audio, regions, took: started.elapsed() })
}

/// Sets X, Y and temperature for this moment; returns where the puck is and how warm it is.
fn move_hands(session: &mut Session<'_>, hands: &Hands, journey: &Journey, beats: f64) -> ((f64, f64), f64) {
    let (x, y) = journey.puck(beats / BEATS_PER_BAR);
    let warmth = hands.tour.warmth(beats / (f64::from(hands.tour.bars()) * BEATS_PER_BAR));
    session.set(hands.x, x);
    session.set(hands.y, y);
    session.set(hands.temperature, warmth * hands.one);
    ((x, y), warmth)
}

/// Waits until the clock has come to where the session is, if it plays live.
fn keep_time(session: &Session<'_>, mode: Mode, started: Instant) {
    if mode == Mode::Realtime {
        let due = started + Duration::from_secs_f64(session.recorder().elapsed() as f64 / RATE);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

/// The 14 x 32 grid of the current cycle.
#[derive(Clone, Debug)]
pub struct Grid {
    names: [String; INSTRUMENTS],
    notes: [u8; INSTRUMENTS],
    cycle: i64,
    cells: [u32; INSTRUMENTS],
    playhead: usize,
}

impl Grid {
    /// An empty grid over this kit.
    pub fn new(kit: &KitCard) -> Self {
        Self { names: kit.names.clone(), notes: kit.notes, cycle: 0, cells: [0; INSTRUMENTS], playhead: 0 }
    }

    /// Takes in the events of a block that starts at `beats`; returns how many notes started.
    fn hear(&mut self, beats: f64, beats_a_sample: f64, events: &[NoteEvent]) -> usize {
        let mut started = 0;
        self.go_to(beats);
        for event in events.iter().filter(|event| event.kind != NoteKind::Off) {
            started += 1;
            // A sound belongs to the nearest step: it is half a sample off at most.
            let step = self.go_to(beats + f64::from(event.sample) * beats_a_sample + 1e-3);
            if let Some(instrument) = self.notes.iter().position(|&note| note == event.note) {
                self.cells[instrument] |= 1 << step;
            }
        }
        started
    }

    /// The row of an instrument (0..14): its name, and a character a step.
    pub fn row(&self, instrument: usize) -> (&str, String) {
        let cell = |step: usize| if self.cells[instrument] >> step & 1 == 1 { 'x' } else { '.' };
        (&self.names[instrument], (0..STEPS).map(cell).collect())
    }

    /// The step that plays, 0..32.
    pub fn playhead(&self) -> usize {
        self.playhead
    }

    /// Which pass through the 32 steps this is, from 0.
    pub fn cycle(&self) -> i64 {
        self.cycle
    }

    /// Moves the playhead; a new cycle starts with an empty grid.
    fn go_to(&mut self, beats: f64) -> usize {
        let step = (beats * STEPS_PER_BEAT as f64).floor() as i64;
        let cycle = step.div_euclid(STEPS as i64);
        if cycle != self.cycle {
            self.cycle = cycle;
            self.cells = [0; INSTRUMENTS];
        }
        self.playhead = step.rem_euclid(STEPS as i64) as usize;
        self.playhead
    }
}

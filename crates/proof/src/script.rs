//! Scripts: sessions as random numbers, and what the numbers of a block make host and musician do.
//!
//! The numbers come from a seed, or from proptest. A 0 always means the plainest choice and missing numbers
//! count as 0, so that shortening a script or lowering its numbers simplifies the session.

use beat::{CommitMode, GridLock};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::banks::BANKS;

/// Random words of one block; missing ones count as 0.
pub const WORDS: usize = 32;

/// A session as random words: those of its head, and those of each block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What holds for the whole session: sample rate, rounding, how the host wraps loops, initial settings.
    pub head: Vec<u32>,
    /// The words of each block.
    pub blocks: Vec<Vec<u32>>,
}

/// Blocks of the longest random session.
const LONGEST: u32 = 240;

impl Script {
    /// Session number `session` of the soak with this seed.
    pub fn random(seed: u64, session: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(session);
        let mut words = || (0..WORDS).map(|_| rng.next_u32()).collect::<Vec<u32>>();
        let head = words();
        let count = 1 + head[0] % LONGEST;
        Self { head, blocks: (0..count).map(|_| words()).collect() }
    }
}

/// Reads words one after another.
#[derive(Clone, Debug)]
pub(crate) struct WordReader<'a>(&'a [u32]);

impl<'a> WordReader<'a> {
    pub(crate) fn new(words: &'a [u32]) -> Self {
        Self(words)
    }

    pub(crate) fn word(&mut self) -> u32 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn below(&mut self, count: u32) -> u32 {
        self.word() % count
    }

    /// True once in `count` times, never for a word of 0.
    pub(crate) fn once_in(&mut self, count: u32) -> bool {
        self.below(count) == count - 1
    }

    /// One of these, the first for a word of 0.
    pub(crate) fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    /// A fraction in 0..1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(self.word()) / 2f64.powi(32)
    }

    /// A number between `low` and `high`, distributed evenly in its logarithm.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.fraction())
    }
}

/// One block of the session and what happens before it.
#[derive(Clone, Debug)]
pub(crate) struct BlockScript {
    /// Samples of the block, 1..=8192; a host that splits at its loop's end may make it shorter.
    pub(crate) frames: u32,
    pub(crate) action: HostAction,
    /// The tempo that the next block reports, and when it takes effect.
    pub(crate) tempo: Option<(f64, TempoCurve)>,
    /// A change of the loop: a new range, or none.
    pub(crate) looping: Option<Option<LoopRequest>>,
    pub(crate) publish: Option<usize>,
    pub(crate) mutes: Option<u16>,
    pub(crate) setting: Option<Setting>,
    pub(crate) room: usize,
    pub(crate) bar_lines: Option<BarLines>,
    /// The block ends so many samples ahead of the loop's end, where it would pass it.
    pub(crate) stops_short: Option<u32>,
}

/// What the host does with the transport.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HostAction {
    /// Plays on.
    Roll,
    /// Jumps there and plays.
    Seek(Place),
    /// Is stopped for this block.
    Stop,
    /// Plays, with the instrument bypassed.
    Bypass,
    /// Resets the instrument and plays.
    Reset,
    /// Reports this tempo, which is not usable.
    Break(f64),
}

/// A song position.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Step(u32),
    /// So many triplet eighths into the song.
    Triplet(u32),
    /// So many eighths of a sample from a step of the song.
    OffStep(u32, i32),
    /// So many ticks (1/1920 beat) into the song.
    Tick(u32),
    Anywhere(f64),
    /// So many samples before the loop ends, or at its start.
    Loop(u32),
    /// So many samples from here.
    Nudge(i32),
}

/// When a tempo change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TempoCurve {
    AtTheEnd,
    /// At the start of the block, which still reports the old tempo.
    AtOnce,
    Ramp,
}

/// A loop range in ticks of 1/1920 beat, with a fraction of a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopRequest {
    pub(crate) start: u32,
    pub(crate) length: u32,
    /// Moves its end by this fraction of a tick.
    pub(crate) fine: f64,
}

/// The bar lines of a song: one time signature, and from some bar on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BarLines {
    pub(crate) before: Signature,
    /// The number of that bar, 0 or more.
    pub(crate) change: i64,
    pub(crate) after: Signature,
}

/// A time signature, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) upper: i64,
    /// Which note: 4 for quarters.
    pub(crate) lower: i64,
}

/// A playback setting and its new value. Numbers are 64ths, which `f32` and the reference hold exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Setting {
    Swing(u32),
    Gate(u32),
    Velocity(u32),
    Commit(CommitMode),
    Grid(GridLock),
    Channel(u8),
}

/// 4/4 first; the last one ends in half a step.
pub(crate) const SIGNATURES: [(i64, i64); 18] = [
    (4, 4),
    (3, 4),
    (7, 8),
    (5, 4),
    (6, 8),
    (12, 8),
    (2, 4),
    (5, 8),
    (9, 8),
    (6, 4),
    (7, 4),
    (15, 8),
    (3, 8),
    (2, 2),
    (15, 16),
    (11, 16),
    (1, 4),
    (13, 32),
];

impl BlockScript {
    pub(crate) fn new(words: &[u32]) -> Self {
        let mut words = WordReader::new(words);
        Self {
            frames: frames(&mut words),
            action: action(&mut words),
            tempo: tempo_change(&mut words),
            looping: loop_change(&mut words),
            publish: words.once_in(6).then_some(words.below(BANKS as u32) as usize),
            mutes: words.once_in(12).then_some(mutes(&mut words)),
            setting: words.once_in(8).then_some(setting(&mut words)),
            room: if words.once_in(48) { words.below(6) as usize } else { usize::MAX },
            bar_lines: words.once_in(64).then_some(bar_lines(&mut words)),
            stops_short: words.once_in(3).then_some(1 + words.below(6)),
        }
    }
}

fn frames(words: &mut WordReader<'_>) -> u32 {
    let kind = words.below(8);
    let word = words.word();
    match kind {
        0..=3 => [64, 128, 256, 512, 1024, 441, 2048, 4096][word as usize % 8],
        4 => 1 + word % 8,
        5 => 1 + word % 8192,
        _ => 1 + word % (8192 >> (word >> 16 & 7)),
    }
}

fn action(words: &mut WordReader<'_>) -> HostAction {
    let kind = words.below(96);
    let place = place(words);
    let broken = words.choose(&[f64::NAN, f64::INFINITY, -120.0, 0.0]);
    match kind {
        88..=90 => HostAction::Seek(place),
        91 | 92 => HostAction::Stop,
        93 => HostAction::Bypass,
        94 => HostAction::Reset,
        95 if place_is_rare(place) => HostAction::Break(broken),
        _ => HostAction::Roll,
    }
}

fn place_is_rare(place: Place) -> bool {
    matches!(place, Place::Tick(_))
}

/// A position to start at or to seek.
pub(crate) fn place(words: &mut WordReader<'_>) -> Place {
    let (kind, value) = (words.below(12), words.word());
    match kind {
        0 | 1 => Place::Step(value % 512),
        2 => Place::Triplet(value % 384),
        3 | 4 => Place::OffStep(value % 512, (value >> 16) as i32 % 17 - 8),
        5 => Place::Tick(value % (1920 * 128)),
        6 => Place::Anywhere(f64::from(value) / 2f64.powi(26)),
        7 => Place::Anywhere(-8.0 * f64::from(value) / 2f64.powi(32)),
        8 => Place::Loop(value % 200),
        9 => Place::Loop(0),
        10 => Place::Nudge(value as i32 % 2000),
        _ => Place::Anywhere(f64::from(value) / 2f64.powi(16)),
    }
}

/// A tempo of 10..=999, often a common one.
pub(crate) fn tempo(words: &mut WordReader<'_>) -> f64 {
    let kind = words.below(3);
    let typed = words.choose(&[120.0, 93.7, 140.0, 10.0, 999.0, 60.0, 174.0, 300.0]);
    let any = words.between(10.0, 999.0);
    if kind == 0 { typed } else { any }
}

fn tempo_change(words: &mut WordReader<'_>) -> Option<(f64, TempoCurve)> {
    let changes = words.once_in(6);
    let curve = words.choose(&[TempoCurve::AtTheEnd, TempoCurve::AtOnce, TempoCurve::Ramp]);
    let tempo = tempo(words);
    changes.then_some((tempo, curve))
}

/// A change of the loop, in 1 of 24 blocks.
fn loop_change(words: &mut WordReader<'_>) -> Option<Option<LoopRequest>> {
    let kind = words.below(48);
    let request = loop_request(words);
    match kind {
        46 => Some(None),
        47 => Some(Some(request)),
        _ => None,
    }
}

/// A loop range, in half of the cases on sixteenths.
pub(crate) fn loop_request(words: &mut WordReader<'_>) -> LoopRequest {
    let (start, length, fine) = (words.word(), words.word(), words.fraction());
    let on_grid = start >> 16 & 1 == 0;
    let unit = if on_grid { 480 } else { 1 };
    LoopRequest {
        start: start % (1920 * 16) / unit * unit,
        length: (length % (1920 << (length >> 16 & 3))).max(480) / unit * unit,
        fine: if on_grid { 0.0 } else { fine },
    }
}

fn mutes(words: &mut WordReader<'_>) -> u16 {
    let word = words.word();
    match word >> 16 & 7 {
        0..=2 => 0,
        3 => u16::MAX,
        _ => word as u16 & (word >> 2) as u16,
    }
}

fn setting(words: &mut WordReader<'_>) -> Setting {
    let (kind, value) = (words.below(7), words.word());
    match kind {
        0 => Setting::Swing(value % 65),
        1 => Setting::Gate(value % 65),
        2 => Setting::Velocity(value % 129),
        3 | 4 => Setting::Commit(
            [CommitMode::Step, CommitMode::Beat, CommitMode::Bar, CommitMode::Cycle][value as usize % 4],
        ),
        5 => Setting::Grid([GridLock::Song, GridLock::HostBars, GridLock::FittedBars][value as usize % 3]),
        _ => Setting::Channel((value % 16) as u8),
    }
}

/// The bar lines of a song.
pub(crate) fn bar_lines(words: &mut WordReader<'_>) -> BarLines {
    let change = i64::from(words.below(16));
    let mut signature = || {
        let (upper, lower) = words.choose(&SIGNATURES);
        Signature { upper, lower }
    };
    BarLines { before: signature(), change, after: signature() }
}

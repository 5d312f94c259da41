//! The imagined host: rolls, loops, seeks and stops as the moments tell, and rounds what it says.
//!
//! It keeps the true song position in exact time. What the sequencer hears of it is rounded as real hosts
//! round.

use beat::{CommitMode, GridLock, HostBar, LoopRange, Playback, Transport};

use crate::chance::{Script, Tape};
use crate::moment::{self, Deed, LoopWish, Meter, Moment, Place, Slide, Touch};
use crate::shelf::BANKS;
use crate::time::{Beats, TIE};

/// One call of the sequencer, with everything that it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The instance is reset before it.
    pub reset: bool,
    /// The newest published bank.
    pub newest: usize,
    /// What the host says.
    pub transport: Transport,
    /// What the musician has set.
    pub playback: Playback,
    /// How many events the host takes.
    pub room: usize,
    /// Where the host truly is, and how far a sample truly moves it; `None` where that changes in the block.
    pub truth: (Beats, Option<Beats>),
    /// Samples a second.
    pub rate: u32,
    /// How the host truly got there from the block before, if it rolled in both.
    pub came: Came,
}

/// How a host comes from one block to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It rolled on.
    On,
    /// It ended the last block at its loop's end and begins this one at the start.
    Round,
    /// In another way.
    Otherwise,
}

impl Call {
    /// Whether notes may sound: the host rolls, its numbers make sense, and nothing is bypassed.
    pub fn plays(&self) -> bool {
        let Transport { playing, tempo, beats, .. } = self.transport;
        playing && !self.playback.bypass && tempo.is_finite() && tempo > 0.0 && beats.is_finite()
    }

    /// The song position that the host gives for sample 0.
    pub fn beats(&self) -> Beats {
        Beats::new(self.transport.beats)
    }

    /// How far a sample moves at the tempo that the host gives.
    pub fn per_sample(&self) -> Beats {
        Beats::per_sample(self.transport.tempo, self.rate)
    }
}

/// How a host writes a song position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// As the nearest `f64` (VST3).
    Float,
    /// In 2^-31 beats (CLAP).
    Fixed,
    /// In 1/1920 beats (Ardour).
    Ticks,
}

/// How a host wraps at its loop's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrap {
    /// It ends the block there and begins the next exactly at the loop's start.
    SplitOnStart,
    /// It ends the block there and keeps the fraction of a sample by which it overshot.
    SplitAndCarry,
    /// It wraps inside the block and says nothing.
    Unsplit,
    /// It plays the block to its end and begins the next at the loop's start.
    AfterTheBlock,
}

/// A host in the midst of a session.
struct Host {
    rate: u32,
    rounding: Rounding,
    wrap: Wrap,
    tells_bars: bool,
    meter: Meter,
    position: Beats,
    tempo: f64,
    looping: Option<(Beats, Beats)>,
    newest: usize,
    playback: Playback,
    came: Came,
}

const RATES: [u32; 8] = [48_000, 44_100, 96_000, 8_000, 384_000, 88_200, 22_050, 192_000];

/// All calls of a session; stopped blocks at its end let everything finish.
pub fn calls(script: &Script) -> (Vec<Call>, Rounding) {
    let (mut host, rounding) = Host::new(&script.head);
    let mut calls: Vec<Call> = script.moments.iter().map(|words| host.call(&Moment::new(words))).collect();
    finish(&mut calls);
    (calls, rounding)
}

/// Lets the host stop and take everything.
pub fn finish(calls: &mut Vec<Call>) {
    let Some(mut last) = calls.last().copied() else { return };
    last.transport.playing = false;
    last.room = usize::MAX;
    last.reset = false;
    calls.push(last);
    calls.push(last);
}

impl Host {
    fn new(head: &[u32]) -> (Self, Rounding) {
        let mut tape = Tape::new(head);
        let _length = tape.word();
        let typed = tape.once_in(3);
        let any = tape.between(8_000.0, 384_000.0) as u32;
        let common = tape.pick(&RATES);
        let rounding = tape.pick(&[Rounding::Float, Rounding::Fixed, Rounding::Ticks]);
        let wrap = tape.pick(&[Wrap::SplitAndCarry, Wrap::SplitOnStart, Wrap::Unsplit, Wrap::AfterTheBlock]);
        let mut host = Self {
            rate: if typed { any } else { common },
            rounding,
            wrap,
            tells_bars: !tape.once_in(4),
            meter: moment::meter(&mut tape),
            position: Beats::ZERO,
            tempo: moment::tempo(&mut tape),
            looping: None,
            newest: tape.below(BANKS as u32) as usize,
            playback: playback(&mut tape),
            came: Came::Otherwise,
        };
        let place = moment::place(&mut tape);
        let loops = tape.below(2) == 1;
        let wish = moment::loop_wish(&mut tape);
        host.looping = loops.then(|| host.loop_range(wish));
        host.position = host.find(place);
        (host, rounding)
    }

    fn call(&mut self, moment: &Moment) -> Call {
        self.prepare(moment);
        let mut transport = self.transport(moment.frames);
        let mut call = Call {
            reset: matches!(moment.deed, Deed::Reset),
            newest: self.newest,
            transport,
            playback: Playback { bypass: matches!(moment.deed, Deed::Bypass), ..self.playback },
            room: moment.room,
            truth: (self.position, None),
            rate: self.rate,
            came: std::mem::replace(&mut self.came, Came::Otherwise),
        };
        match moment.deed {
            Deed::Stop => transport.playing = false,
            Deed::Break(nonsense) => transport.tempo = nonsense,
            _ => {
                let (now, next) = (self.per_sample(), moment.tempo.map(|(tempo, _)| tempo));
                let next = next.map_or(now, |tempo| Beats::per_sample(tempo, self.rate));
                let slide = moment.tempo.map_or(Slide::AtTheEnd, |(_, slide)| slide);
                let moved = match slide {
                    Slide::AtTheEnd => now,
                    Slide::AtOnce => next,
                    Slide::Ramp => (now + next).half(),
                };
                transport.frames = self.roll(moment.frames, moved);
                call.truth.1 = (now == moved).then_some(now);
            }
        }
        if let Some((tempo, _)) = moment.tempo {
            self.tempo = tempo;
        }
        Call { transport, ..call }
    }

    /// What happens before the block.
    fn prepare(&mut self, moment: &Moment) {
        if let Some(wish) = moment.looping {
            self.came = if self.came == Came::On { Came::On } else { Came::Otherwise };
            self.looping = wish.map(|wish| self.loop_range(wish));
        }
        if let Deed::Seek(place) = moment.deed {
            self.position = self.find(place);
            self.came = Came::Otherwise;
        }
        self.newest = moment.publish.unwrap_or(self.newest);
        self.playback.mutes = moment.mutes.unwrap_or(self.playback.mutes);
        self.meter = moment.meter.unwrap_or(self.meter);
        if let Some(touch) = moment.touch {
            turn(&mut self.playback, touch);
        }
    }

    /// Rolls on by up to `frames` samples of `moved` beats each, and returns how many the block has.
    fn roll(&mut self, frames: u32, moved: Beats) -> u32 {
        let from = self.position;
        self.position = from + moved * i64::from(frames);
        // A hair before the end is the end: no host stops a millionth of a sample short of it.
        let met = |position: Beats, end: Beats| position >= end - TIE;
        let wraps = |(_, end): &(Beats, Beats)| !met(from, *end) && met(self.position, *end);
        let Some((start, end)) = self.looping.filter(wraps) else {
            self.came = Came::On;
            return frames;
        };
        match self.wrap {
            Wrap::SplitOnStart | Wrap::SplitAndCarry => {
                let short = (end - TIE - from).covering(moved);
                let over = (from + moved * short - end).max(Beats::ZERO);
                self.came = Came::Round;
                self.position = if self.wrap == Wrap::SplitOnStart { start } else { start + over };
                short as u32
            }
            Wrap::Unsplit => {
                let over = (self.position - end).max(Beats::ZERO);
                self.position = start + over - (end - start) * over.whole(end - start);
                frames
            }
            Wrap::AfterTheBlock => {
                self.position = start;
                frames
            }
        }
    }

    fn transport(&self, frames: u32) -> Transport {
        let (start, number, length) = self.meter.bar_at(self.position);
        Transport {
            playing: true,
            beats: self.written(self.position).to_f64(),
            tempo: self.tempo,
            sample_rate: f64::from(self.rate),
            frames,
            loop_range: self
                .looping
                .map(|(start, end)| LoopRange { start: start.to_f64(), end: end.to_f64() }),
            bar: self.tells_bars.then(|| HostBar { start: start.to_f64(), number, beats: length.to_f64() }),
        }
    }

    fn per_sample(&self) -> Beats {
        Beats::per_sample(self.tempo, self.rate)
    }

    /// A position as this host writes it.
    fn written(&self, position: Beats) -> Beats {
        match self.rounding {
            Rounding::Float => Beats::new(position.to_f64()),
            Rounding::Fixed => position.rounded_to(1 << 31),
            Rounding::Ticks => Beats::new(position.rounded_to(1920).to_f64()),
        }
    }

    fn loop_range(&self, wish: LoopWish) -> (Beats, Beats) {
        let tick = Beats::ratio(1, 1920);
        let start = tick * i64::from(wish.start);
        let end = start + tick * i64::from(wish.length) + Beats::new(tick.to_f64() * wish.fine);
        (self.written(start), self.written(end))
    }

    fn find(&self, place: Place) -> Beats {
        let sample = self.per_sample();
        match place {
            Place::Step(step) => Beats::STEP * i64::from(step),
            Place::NearStep(step, eighths) => {
                Beats::STEP * i64::from(step) + sample.half().half().half() * i64::from(eighths)
            }
            Place::Tick(tick) => Beats::ratio(i64::from(tick), 1920),
            Place::Anywhere(beats) => Beats::new(beats),
            Place::Nudge(samples) => self.position + sample * i64::from(samples),
            Place::Loop(0) => self.looping.map_or(Beats::ZERO, |(start, _)| start),
            Place::Loop(before) => {
                self.looping.map_or(Beats::ZERO, |(_, end)| end - sample * i64::from(before))
            }
        }
    }
}

impl Meter {
    /// Start, number and length of the bar that holds `position`.
    pub fn bar_at(&self, position: Beats) -> (Beats, i64, Beats) {
        let [before, after] = [self.before, self.after].map(|bar| Beats::ratio(4 * bar.upper, bar.lower));
        let change = before * self.change;
        if position < change {
            let number = position.whole(before);
            (before * number, number, before)
        } else {
            let number = (position - change).whole(after);
            (change + after * number, self.change + number, after)
        }
    }
}

/// The first settings, plain for words of 0.
fn playback(tape: &mut Tape<'_>) -> Playback {
    let mut playback = Playback::default();
    for touch in [
        Touch::Swing([0, 0, 21, 64][tape.below(4) as usize]),
        Touch::Gate([32, 64, 1, 0][tape.below(4) as usize]),
        Touch::Velocity([64, 128, 20, 0][tape.below(4) as usize]),
        Touch::Commit(tape.pick(&[CommitMode::Step, CommitMode::Beat, CommitMode::Bar, CommitMode::Cycle])),
        Touch::Grid(tape.pick(&[GridLock::Song, GridLock::HostBars])),
    ] {
        turn(&mut playback, touch);
    }
    playback
}

fn turn(playback: &mut Playback, touch: Touch) {
    let whole = |sixty_fourths: u32| sixty_fourths as f32 / 64.0;
    match touch {
        Touch::Swing(swing) => playback.swing = whole(swing),
        Touch::Gate(gate) => playback.gate = whole(gate),
        Touch::Velocity(velocity) => playback.velocity = whole(velocity),
        Touch::Commit(mode) => playback.commit = mode,
        Touch::Grid(lock) => playback.grid = lock,
        Touch::Channel(channel) => playback.channel = channel,
    }
}

//! A simulated host: plays, loops, seeks and stops as the script of each block says.
//!
//! It keeps the song position in exact time; the transport that the sequencer receives is rounded as real
//! hosts round.

use beat::{CommitMode, GridLock, HostBar, LoopRange, Playback, Transport};

use crate::banks::BANKS;
use crate::script::{
    self, BarLines, BlockScript, HostAction, LoopRequest, Place, Script, Setting, Signature, TempoCurve,
    WordReader,
};
use crate::time::{Beats, TIE};

/// One call of the sequencer, with everything that it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The instance is reset before it.
    pub reset: bool,
    /// The newest published bank.
    pub newest: usize,
    /// The transport that the host reports.
    pub transport: Transport,
    /// What the musician has set.
    pub playback: Playback,
    /// How many events the host takes.
    pub room: usize,
    /// The exact song position of sample 0, and the exact beats per sample; `None` where that changes in the
    /// block.
    pub truth: (Beats, Option<Beats>),
    /// Samples a second.
    pub rate: u32,
    /// How the host got here from the block before, if it played in both.
    pub host_move: HostMove,
}

/// How a host moves from one block to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostMove {
    /// It played on.
    On,
    /// It ended the last block at its loop's end and begins this one at the start.
    Round,
    /// Any other way.
    Otherwise,
}

impl Call {
    /// Whether notes may sound: the host plays, its numbers are finite, and nothing is bypassed.
    pub fn plays(&self) -> bool {
        let Transport { playing, tempo, beats, .. } = self.transport;
        playing && !self.playback.bypass && tempo.is_finite() && tempo > 0.0 && beats.is_finite()
    }

    /// Whether the block plays over the end of the loop that the host reports.
    pub(crate) fn crosses_loop_end(&self) -> bool {
        let end = self.beats() + self.per_sample() * i64::from(self.transport.frames);
        self.transport.loop_range.is_some_and(|range| {
            let (from, to) = (Beats::new(range.start), Beats::new(range.end));
            (from..to).contains(&self.beats()) && end > to
        })
    }

    /// The song position that the host gives for sample 0.
    pub fn beats(&self) -> Beats {
        Beats::new(self.transport.beats)
    }

    /// Beats per sample at the tempo that the host gives.
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
    /// It wraps inside the block without announcing it.
    Unsplit,
    /// It plays the block to its end and begins the next at the loop's start.
    AfterTheBlock,
    /// It reports the loop, but rolls past its end.
    Never,
}

/// The state of the host during a session.
struct Host {
    rate: u32,
    rounding: Rounding,
    wrap: Wrap,
    reports_bars: bool,
    bar_lines: BarLines,
    position: Beats,
    tempo: f64,
    looping: Option<(Beats, Beats)>,
    newest: usize,
    playback: Playback,
    host_move: HostMove,
}

const RATES: [u32; 8] = [48_000, 44_100, 96_000, 8_000, 384_000, 88_200, 22_050, 192_000];

/// All calls of a session. It ends with stopped blocks, so that every note can end.
pub fn calls(script: &Script) -> (Vec<Call>, Rounding) {
    let (mut host, rounding) = Host::new(&script.head);
    let mut calls: Vec<Call> =
        script.blocks.iter().map(|words| host.call(&BlockScript::new(words))).collect();
    finish(&mut calls);
    (calls, rounding)
}

/// Appends two stopped blocks in which the host takes every event.
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
        let mut words = WordReader::new(head);
        let _length = words.word();
        let typed = words.once_in(3);
        let any = words.between(8_000.0, 384_000.0) as u32;
        let common = words.choose(&RATES);
        let rounding = words.choose(&[Rounding::Float, Rounding::Fixed, Rounding::Ticks]);
        let wrap = words.choose(&[
            Wrap::SplitAndCarry,
            Wrap::SplitOnStart,
            Wrap::Unsplit,
            Wrap::AfterTheBlock,
            Wrap::Never,
        ]);
        let mut host = Self {
            rate: if typed { any } else { common },
            rounding,
            wrap,
            reports_bars: !words.once_in(4),
            bar_lines: script::bar_lines(&mut words),
            position: Beats::ZERO,
            tempo: script::tempo(&mut words),
            looping: None,
            newest: words.below(BANKS as u32) as usize,
            playback: playback(&mut words),
            host_move: HostMove::Otherwise,
        };
        let place = script::place(&mut words);
        let loops = words.below(2) == 1;
        let request = script::loop_request(&mut words);
        host.looping = loops.then(|| host.loop_range(request));
        host.position = host.position_of(place);
        (host, rounding)
    }

    fn call(&mut self, block: &BlockScript) -> Call {
        self.prepare(block);
        let mut transport = self.transport(block.frames);
        let mut call = Call {
            reset: matches!(block.action, HostAction::Reset),
            newest: self.newest,
            transport,
            playback: Playback { bypass: matches!(block.action, HostAction::Bypass), ..self.playback },
            room: block.room,
            truth: (self.position, None),
            rate: self.rate,
            host_move: std::mem::replace(&mut self.host_move, HostMove::Otherwise),
        };
        match block.action {
            HostAction::Stop => transport.playing = false,
            HostAction::Break(nonsense) => transport.tempo = nonsense,
            _ => {
                let (now, next) = (self.per_sample(), block.tempo.map(|(tempo, _)| tempo));
                let next = next.map_or(now, |tempo| Beats::per_sample(tempo, self.rate));
                let curve = block.tempo.map_or(TempoCurve::AtTheEnd, |(_, curve)| curve);
                let moved = match curve {
                    TempoCurve::AtTheEnd => now,
                    TempoCurve::AtOnce => next,
                    TempoCurve::Ramp => (now + next).half(),
                };
                transport.frames = self.roll(block.frames, moved, block.stops_short);
                call.truth.1 = (now == moved).then_some(now);
            }
        }
        if let Some((tempo, _)) = block.tempo {
            self.tempo = tempo;
        }
        Call { transport, ..call }
    }

    /// Applies what happens before the block.
    fn prepare(&mut self, block: &BlockScript) {
        if let Some(request) = block.looping {
            self.host_move = if self.host_move == HostMove::On { HostMove::On } else { HostMove::Otherwise };
            self.looping = request.map(|request| self.loop_range(request));
        }
        if let HostAction::Seek(place) = block.action {
            self.position = self.position_of(place);
            self.host_move = HostMove::Otherwise;
        }
        self.newest = block.publish.unwrap_or(self.newest);
        self.playback.mutes = block.mutes.unwrap_or(self.playback.mutes);
        self.bar_lines = block.bar_lines.unwrap_or(self.bar_lines);
        if let Some(setting) = block.setting {
            apply(&mut self.playback, setting);
        }
    }

    /// Moves the position by up to `frames` samples of `moved` beats each; returns the block's length in
    /// samples. Where it would pass the loop's end, it may stop `short` samples ahead of it.
    fn roll(&mut self, frames: u32, moved: Beats, short: Option<u32>) -> u32 {
        let from = self.position;
        self.position = from + moved * i64::from(frames);
        // Within TIE of the end counts as the end: no host stops a millionth of a sample short of it.
        let met = |position: Beats, end: Beats| position >= end - TIE;
        let wraps = |(_, end): &(Beats, Beats)| !met(from, *end) && met(self.position, *end);
        let Some((start, end)) = self.looping.filter(wraps) else {
            self.host_move = HostMove::On;
            return frames;
        };
        let to_end = (end - TIE - from).covering(moved);
        if let Some(shorter) = short.map(|short| to_end - i64::from(short)).filter(|shorter| *shorter > 0) {
            self.position = from + moved * shorter;
            self.host_move = HostMove::On;
            return shorter as u32;
        }
        match self.wrap {
            Wrap::SplitOnStart | Wrap::SplitAndCarry => {
                let over = (from + moved * to_end - end).max(Beats::ZERO);
                self.host_move = HostMove::Round;
                self.position = if self.wrap == Wrap::SplitOnStart { start } else { start + over };
                to_end as u32
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
            Wrap::Never => {
                self.host_move = HostMove::On;
                frames
            }
        }
    }

    fn transport(&self, frames: u32) -> Transport {
        let (start, number, length) = self.bar_lines.bar_at(self.position);
        let compound = self.bar_lines.signature_at(self.position).is_compound();
        Transport {
            playing: true,
            beats: self.written(self.position).to_f64(),
            tempo: self.tempo,
            sample_rate: f64::from(self.rate),
            frames,
            loop_range: self
                .looping
                .map(|(start, end)| LoopRange { start: start.to_f64(), end: end.to_f64() }),
            bar: self.reports_bars.then(|| HostBar { start: start.to_f64(), number, beats: length.to_f64() }),
            compound: self.reports_bars && compound,
        }
    }

    fn per_sample(&self) -> Beats {
        Beats::per_sample(self.tempo, self.rate)
    }

    /// A position as this host rounds it.
    fn written(&self, position: Beats) -> Beats {
        match self.rounding {
            Rounding::Float => Beats::new(position.to_f64()),
            Rounding::Fixed => position.rounded_to(1 << 31),
            Rounding::Ticks => Beats::new(position.rounded_to(1920).to_f64()),
        }
    }

    fn loop_range(&self, request: LoopRequest) -> (Beats, Beats) {
        let tick = Beats::ratio(1, 1920);
        let start = tick * i64::from(request.start);
        let end = start + tick * i64::from(request.length) + Beats::new(tick.to_f64() * request.fine);
        (self.written(start), self.written(end))
    }

    fn position_of(&self, place: Place) -> Beats {
        let sample = self.per_sample();
        match place {
            Place::Step(step) => Beats::SIXTEENTH * i64::from(step),
            Place::Triplet(step) => Beats::ratio(i64::from(step), 3),
            Place::OffStep(step, eighths) => {
                Beats::SIXTEENTH * i64::from(step) + sample.half().half().half() * i64::from(eighths)
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

impl BarLines {
    /// The time signature at `position`.
    fn signature_at(&self, position: Beats) -> Signature {
        if position < self.before.length() * self.change { self.before } else { self.after }
    }

    /// Start, number and length of the bar that holds `position`.
    pub(crate) fn bar_at(&self, position: Beats) -> (Beats, i64, Beats) {
        let [before, after] = [self.before, self.after].map(Signature::length);
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

impl Signature {
    /// The length of a bar.
    fn length(self) -> Beats {
        Beats::ratio(4 * self.upper, self.lower)
    }

    /// Whether its beats divide in three.
    fn is_compound(self) -> bool {
        self.lower == 8 && self.upper >= 6 && self.upper % 3 == 0
    }
}

/// The initial settings; the defaults for words of 0.
fn playback(words: &mut WordReader<'_>) -> Playback {
    let mut playback = Playback::default();
    for setting in [
        Setting::Swing([0, 0, 21, 64][words.below(4) as usize]),
        Setting::Gate([32, 64, 1, 0][words.below(4) as usize]),
        Setting::Velocity([64, 128, 20, 0][words.below(4) as usize]),
        Setting::Commit(words.choose(&[
            CommitMode::Step,
            CommitMode::Beat,
            CommitMode::Bar,
            CommitMode::Cycle,
        ])),
        Setting::Grid(words.choose(&[GridLock::Song, GridLock::HostBars, GridLock::FittedBars])),
    ] {
        apply(&mut playback, setting);
    }
    playback
}

fn apply(playback: &mut Playback, setting: Setting) {
    let whole = |sixty_fourths: u32| sixty_fourths as f32 / 64.0;
    match setting {
        Setting::Swing(swing) => playback.swing = whole(swing),
        Setting::Gate(gate) => playback.gate = whole(gate),
        Setting::Velocity(velocity) => playback.velocity = whole(velocity),
        Setting::Commit(mode) => playback.commit = mode,
        Setting::Grid(lock) => playback.grid = lock,
        Setting::Channel(channel) => playback.channel = channel,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::script::SIGNATURES;

    #[test]
    fn fitted_bars_of_every_time_signature_are_entered_and_left_while_the_song_rolls() {
        // Signatures that a host reports alike count as one.
        let key = |length: f64, compound: bool| ((length * 96.0) as i64, compound);
        let every: BTreeSet<_> = SIGNATURES
            .map(|(upper, lower)| Signature { upper, lower })
            .iter()
            .map(|signature| key(signature.length().to_f64(), signature.is_compound()))
            .collect();
        let (mut entered, mut left) = (BTreeSet::new(), BTreeSet::new());
        for session in 0..500 {
            let (calls, _) = calls(&Script::random(7, session));
            for pair in calls.windows(2) {
                let [from, to] = [&pair[0], &pair[1]].map(|call| {
                    let fitted = call.plays() && call.playback.grid == GridLock::FittedBars;
                    let bar = call.transport.bar.filter(|_| fitted);
                    bar.map(|bar| key(bar.beats, call.transport.compound))
                });
                let rolls_on = pair[1].host_move == HostMove::On && !pair[1].reset;
                if let (true, Some(from), Some(to)) = (rolls_on && from != to, from, to) {
                    entered.insert(to);
                    left.insert(from);
                }
            }
        }
        assert_eq!((entered, left), (every.clone(), every));
    }
}

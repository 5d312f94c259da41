//! Passes: the blocks of a session as stretches of linear play, by rules 2, 3 and 11 of the contract, from
//! the positions that the host reported, in exact time.

use beat::LoopRange;

use crate::coverage::{Coverage, Situation};
use crate::host::{Call, HostMove};
use crate::time::{Beats, LEAN, NOISE, TIE};

/// A part of a block without a jump in it. Samples count from the start of the session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockPart {
    pub(crate) call: usize,
    /// Its first sample; the second value where a tie is decided the other way.
    pub(crate) first: [i64; 2],
    /// The sample after its last, likewise.
    pub(crate) end: [i64; 2],
    /// The song position of sample `first[0]`.
    pub(crate) beats: Beats,
    pub(crate) per_sample: Beats,
    /// Steps from here on are played after the loop's wrap.
    pub(crate) limit: Option<Beats>,
}

/// Linear play between two jumps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    /// Its first part and the one after its last.
    pub(crate) parts: (usize, usize),
    /// Nothing sounds before this position.
    pub(crate) origin: Beats,
    /// Steps from here on are played.
    pub(crate) from: Beats,
    /// The sample at which the notes that still sound are ended; two values where a tie may be decided either
    /// way.
    pub(crate) release: [i64; 2],
}

/// The passes of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    pub(crate) parts: Vec<BlockPart>,
    pub(crate) passes: Vec<Pass>,
    /// The first call that the rules take for a seek although the host played on or wrapped its loop.
    pub(crate) misjudged: Option<usize>,
    /// Each call's first sample, and the length of the session.
    pub(crate) starts: Vec<i64>,
}

/// From this call on the result depends on a tie that the contract leaves open; the session is cut here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undecided(pub(crate) usize);

/// A sample at which something is due, and the call it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) call: usize,
    /// The sample, counted from the start of the session.
    pub(crate) at: i64,
}

/// The block before.
#[derive(Clone, Copy)]
struct Last {
    /// The position of its last part.
    beats: Beats,
    /// Where it ended at the tempo that it reported.
    end: Beats,
    frames: i64,
    per_sample: Beats,
    /// The loop's start, if a wrap was inferred in it.
    wrapped: Option<Beats>,
    /// Where it ended without any wrap, and the loop that the host reported.
    straight: Beats,
    looping: Option<LoopRange>,
}

/// How a block follows the one before.
enum Arrival {
    Linear,
    /// At the start of the loop.
    Wrapped(Beats),
    Jumped,
    /// Where the block before ended if the host did not wrap its loop.
    RolledPast,
}

impl Timeline {
    pub(crate) fn new(calls: &[Call], coverage: &mut Coverage) -> Result<Self, Undecided> {
        let mut timeline = Self::default();
        let (mut last, mut rolled_past) = (None, None);
        let mut start = 0;
        for (index, call) in calls.iter().enumerate() {
            timeline.starts.push(start);
            if !call.plays() || call.reset {
                timeline.close([start, start]);
                last = None;
            }
            if call.plays() {
                let arrival = arrival(last.as_ref(), call).ok_or(Undecided(index))?;
                let situation = match (&arrival, &last) {
                    (Arrival::Linear, _) => Situation::Linear,
                    (Arrival::Wrapped(_), _) => Situation::AnnouncedWrap,
                    (Arrival::Jumped, Some(_)) => Situation::Seek,
                    (Arrival::Jumped, None) => Situation::Start,
                    (Arrival::RolledPast, _) => Situation::RolledPast,
                };
                coverage.count(situation);
                // After a wrap that was inferred, perhaps wrongly, a seek cannot be called a misjudgement.
                let certain =
                    last.is_some_and(|last| last.wrapped.is_none()) && call.host_move != HostMove::Otherwise;
                if certain && matches!(arrival, Arrival::Jumped) {
                    timeline.misjudged = timeline.misjudged.or(Some(index));
                }
                // Where the block before began, if this one continues it in the same loop.
                let goes_on = matches!(arrival, Arrival::Linear)
                    && index > 0
                    && calls[index - 1].transport.loop_range == call.transport.loop_range;
                let came_from = last.filter(|_| goes_on).map(|last| last.beats);
                match arrival {
                    Arrival::Linear => {}
                    Arrival::Wrapped(beats) => {
                        rolled_past = None;
                        timeline.open(beats, beats, [start, start]);
                    }
                    Arrival::Jumped | Arrival::RolledPast => {
                        if matches!(arrival, Arrival::RolledPast) {
                            rolled_past = call.transport.loop_range;
                        }
                        timeline.open(call.beats(), call.beats() - call.per_sample().half(), [start, start]);
                    }
                }
                let looping = call.transport.loop_range.filter(|range| rolled_past != Some(*range));
                if looping.is_none() && call.crosses_loop_end() {
                    coverage.count(Situation::KnownToRollPast);
                }
                let added = timeline.add_block(index, call, start, looping, came_from, coverage);
                last = Some(added.ok_or(Undecided(index))?);
            }
            start += i64::from(call.transport.frames);
        }
        timeline.starts.push(start);
        timeline.close([start, start]);
        Ok(timeline)
    }

    fn close(&mut self, release: [i64; 2]) {
        if let Some(pass) = self.passes.last_mut().filter(|pass| pass.release[0] == i64::MAX) {
            pass.release = release;
        }
    }

    fn open(&mut self, origin: Beats, from: Beats, release: [i64; 2]) {
        self.close(release);
        let part = self.parts.len();
        self.passes.push(Pass { parts: (part, part), origin, from, release: [i64::MAX; 2] });
    }

    fn push(&mut self, part: BlockPart) {
        self.parts.push(part);
        if let Some(pass) = self.passes.last_mut() {
            pass.parts.1 = self.parts.len();
        }
    }

    /// Adds the parts of one block, with the wraps that rule 11 infers.
    fn add_block(
        &mut self,
        index: usize,
        call: &Call,
        start: i64,
        looping: Option<LoopRange>,
        mut came_from: Option<Beats>,
        coverage: &mut Coverage,
    ) -> Option<Last> {
        let (sample, margin) = (call.per_sample(), margin(call.per_sample()));
        let frames = i64::from(call.transport.frames);
        let end = start + frames;
        let looping = looping.map(|range| (Beats::new(range.start), Beats::new(range.end)));
        let looping = looping.filter(|(from, to)| *to - *from > margin + margin);
        let last = |beats, end, wrapped| Last {
            beats,
            end,
            frames,
            per_sample: sample,
            wrapped,
            straight: call.beats() + sample * frames,
            looping: call.transport.loop_range,
        };
        let (mut first, mut beats, mut wrapped) = ([start, start], call.beats(), None);
        loop {
            let part =
                BlockPart { call: index, first, end: [end, end], beats, per_sample: sample, limit: None };
            let reached = beats + sample * (end - first[0]);
            let Some((from, to)) = looping else {
                self.push(part);
                return Some(last(beats, reached, wrapped));
            };
            let mut inside = at_least(beats, from - margin)? && beats < to;
            // A host that rounds may report the loop's end before the wrap.
            if let Some(before) = came_from.take()
                && !inside
                && beats >= to
                && at_least(to + margin, beats)?
                && at_least(before, from - margin)?
                && at_least(to, before)?
            {
                coverage.count(Situation::EndToCome);
                inside = true;
            } else if inside && to - beats < TIE + TIE {
                return None;
            }
            if !inside || !at_least(reached, to + margin)? {
                self.push(BlockPart { limit: inside.then_some(to), ..part });
                return Some(last(beats, reached, wrapped));
            }
            coverage.count(Situation::InferredWrap);
            // The end may lie before a position that was rounded up past it.
            let wrap = leaning(to).map(|to| first[0] + (to - beats).nearest(sample).max(0));
            self.push(BlockPart { end: wrap, limit: Some(to), ..part });
            self.open(from, from, wrap);
            beats = from + (beats + sample * (wrap[0] - first[0]) - to);
            first = wrap;
            wrapped = Some(from);
        }
    }

    /// The samples at which `beats` is due in `pass`, from `part` on: the nearest in the first part
    /// that reaches it, for both decisions of a tie. `None`: the pass ends before.
    pub(crate) fn due(&self, pass: usize, part: usize, beats: Beats) -> [Option<Due>; 2] {
        let find = |way: usize, beats: Beats| {
            let parts = self.parts.get(part..self.passes[pass].parts.1).unwrap_or_default();
            parts.iter().find_map(|part| {
                let at = part.sample(way, beats);
                (at < part.end[1 - way]).then_some(Due { call: part.call, at })
            })
        };
        let [early, late] = leaning(beats);
        [find(0, early), find(1, late)]
    }

    pub(crate) fn part_in(&self, pass: usize, call: usize) -> Option<usize> {
        let (from, to) = self.passes[pass].parts;
        (from..to).find(|&part| self.parts[part].call == call)
    }
}

impl BlockPart {
    /// The sample nearest to a song position, but no earlier than the part's first.
    fn sample(&self, way: usize, beats: Beats) -> i64 {
        (self.first[0] + (beats - self.beats).nearest(self.per_sample)).max(self.first[way])
    }

    /// Whether the part reaches a song position with every decision of a tie, and whether with any.
    pub(crate) fn reaches(&self, beats: Beats) -> (bool, bool) {
        let [early, late] = leaning(beats);
        (self.sample(1, late) < self.end[0], self.sample(0, early) < self.end[1])
    }
}

/// The position that is rounded to the nearest sample in place of `beats`, at its earliest and latest.
fn leaning(beats: Beats) -> [Beats; 2] {
    [beats + LEAN - NOISE, beats + LEAN + NOISE]
}

/// Rule 2's margin.
fn margin(per_sample: Beats) -> Beats {
    Beats::ratio(1, 960).max(per_sample)
}

/// Whether `a >= b`; `None` on a tie.
fn at_least(a: Beats, b: Beats) -> Option<bool> {
    ((a - b).abs() > TIE).then_some(a > b)
}

/// Rule 2; where it does not hold, whether the block begins at the start of a loop that was played to its
/// end. `None` where a tie decides.
fn arrival(last: Option<&Last>, call: &Call) -> Option<Arrival> {
    let Some(last) = last else { return Some(Arrival::Jumped) };
    let (now, sample) = (call.beats(), call.per_sample());
    let other_end = last.end + (sample - last.per_sample) * last.frames;
    let longest = sample.max(last.per_sample);
    let margin = margin(longest);
    let (low, high) = (last.end.min(other_end) - margin, last.end.max(other_end) + margin);
    let low = last.wrapped.map_or(low, |start| low.min(start - margin));
    if at_least(now, low)? && at_least(high, now)? {
        return Some(Arrival::Linear);
    }
    let Some(range) = call.transport.loop_range else { return Some(Arrival::Jumped) };
    let (start, end) = (Beats::new(range.start), Beats::new(range.end));
    // A host may carry over the fraction of a sample by which it passed the end.
    let at_start = at_least(now, start - margin)? && at_least(start + margin + longest, now)?;
    let played_out = at_least(end + margin, last.beats)? && at_least(high, end - margin)?;
    if at_start && played_out {
        return Some(Arrival::Wrapped(start));
    }
    if last.wrapped.is_none() || last.looping != Some(range) {
        return Some(Arrival::Jumped);
    }
    let other = last.straight + (sample - last.per_sample) * last.frames;
    let (low, high) = (last.straight.min(other) - margin, last.straight.max(other) + margin);
    let straight_on = at_least(now, low)? && at_least(high, now)?;
    Some(if straight_on { Arrival::RolledPast } else { Arrival::Jumped })
}

//! What must sound: every onset of every pass, in exact time, with the sample at which it is due.

use std::rc::Rc;

use beat::{CommitMode, Grid, GridLock, HostBar};

use crate::banks::BankFixtures;
use crate::coverage::{Coverage, Situation};
use crate::host::Call;
use crate::passes::{BlockPart, Due, Pass, Timeline, Undecided};
use crate::time::{Beats, LEAN, NOISE, TIE};

#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedOnset {
    pub(crate) pass: usize,
    /// The call in which its step is decided.
    pub(crate) decided: usize,
    pub(crate) beats: Beats,
    /// The length of its step.
    pub(crate) step: Beats,
    pub(crate) instrument: usize,
    pub(crate) note: u8,
    pub(crate) velocity: u8,
    /// The samples at which it may sound, for both decisions of a tie.
    pub(crate) due: [Due; 2],
    /// Whether it may stay silent, because a tie decides whether the pass reaches it.
    pub(crate) optional: bool,
}

/// All onsets that a session must play.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExpectedOnsets {
    /// All onsets, in the order in which their steps are decided.
    pub(crate) onsets: Vec<ExpectedOnset>,
    /// Changes of model: pass, and the samples at which sounding notes are ended.
    pub(crate) releases: Vec<(usize, [i64; 2])>,
}

/// The list while it is built.
struct OnsetBuilder<'a> {
    timeline: &'a Timeline,
    calls: &'a [Call],
    banks: &'a BankFixtures,
    coverage: &'a mut Coverage,
    expected: ExpectedOnsets,
    /// The last grid that was asked for, and what it was made of: most blocks lie in the bar of the one before.
    latest: Option<(GridKey, Rc<StepGrid>)>,
}

/// What a [`StepGrid`] is made of.
type GridKey = (Grid, GridLock, Option<HostBar>, bool);

impl ExpectedOnsets {
    pub(crate) fn new(
        timeline: &Timeline,
        calls: &[Call],
        banks: &BankFixtures,
        coverage: &mut Coverage,
    ) -> Result<Self, Undecided> {
        let mut builder =
            OnsetBuilder { timeline, calls, banks, coverage, expected: Self::default(), latest: None };
        for (index, pass) in timeline.passes.iter().enumerate() {
            builder.pass(index, pass)?;
        }
        Ok(builder.expected)
    }
}

impl OnsetBuilder<'_> {
    fn pass(&mut self, index: usize, pass: &Pass) -> Result<(), Undecided> {
        let Some(first) = self.timeline.parts.get(pass.parts.0) else { return Ok(()) };
        // A start, a seek and a wrap commit in every mode.
        let mut bank = self.calls[first.call].newest;
        let mut next = (pass.from - LEAN - NOISE).max(Beats::ZERO);
        // The last start, jump or change of grid: nothing that is decided since sounds before it.
        let mut origin = pass.origin;
        let mut fitted_before: Option<Beats> = None;
        for part in pass.parts.0..pass.parts.1 {
            let here = &self.timeline.parts[part];
            let call = &self.calls[here.call];
            loop {
                let grid = self.grid(call, bank);
                let step = grid.at_or_after(next);
                let ahead = if self.banks.early(bank, step.cycle) { grid.step.half() } else { Beats::ZERO };
                let decided_at = (step.beats - ahead).max(origin).max(Beats::ZERO);
                let (surely, maybe) = here.reaches(decided_at);
                if !maybe || here.limit.is_some_and(|limit| step.beats + TIE >= limit) {
                    break;
                }
                if !surely && part + 1 < pass.parts.1 {
                    self.check_same_settings(here, &self.timeline.parts[part + 1])?;
                }
                let before = bank;
                bank = self.commit(bank, &step, &grid, index, part, decided_at);
                if self.banks.bank(bank).grid() != self.banks.bank(before).grid() {
                    origin = origin.max(decided_at);
                }
                // Where the new bank has another grid, a bar of it begins here, or began with the step before.
                let grid = self.grid(call, bank);
                let old = step;
                let step = grid.at_or_after(old.beats - TIE);
                if step.beats > old.beats + TIE {
                    next = step.beats - TIE; // it is decided in its turn
                    continue;
                }
                let fitted = grid.fit.is_some().then_some(grid.bar.2);
                if fitted_before.zip(fitted).is_some_and(|(before, now)| before != now) {
                    self.coverage.count(Situation::FitChange);
                }
                fitted_before = fitted;
                next = step.beats + TIE;
                let optional = !surely || step.beats < pass.from - LEAN + NOISE && pass.from != pass.origin;
                self.step(&step, &grid, bank, (index, part), decided_at, optional);
            }
        }
        Ok(())
    }

    fn grid(&mut self, call: &Call, bank: usize) -> Rc<StepGrid> {
        let Call { transport, playback, .. } = call;
        let key = (*self.banks.bank(bank).grid(), playback.grid, transport.bar, transport.compound);
        match &self.latest {
            Some((same, grid)) if *same == key => grid.clone(),
            _ => {
                let grid = Rc::new(StepGrid::of(call, &key.0));
                self.latest = Some((key, grid.clone()));
                grid
            }
        }
    }

    /// Where a tie may put a step's decision into either of two blocks, both must have the same settings.
    fn check_same_settings(&self, here: &BlockPart, next: &BlockPart) -> Result<(), Undecided> {
        let [a, b] = [here, next].map(|part| {
            let call = &self.calls[part.call];
            let (knobs, bar) = (call.playback, call.transport.bar.map(|bar| bar.beats));
            (knobs.commit, knobs.swing, knobs.grid, call.newest, bar, call.transport.compound)
        });
        if a == b { Ok(()) } else { Err(Undecided(next.call)) }
    }

    /// The bank that plays `step`, after `bank` played the step before.
    fn commit(
        &mut self,
        bank: usize,
        step: &Step,
        grid: &StepGrid,
        pass: usize,
        part: usize,
        decided_at: Beats,
    ) -> usize {
        let call = &self.calls[self.timeline.parts[part].call];
        let mode = call.playback.commit;
        let other_grid = self.banks.bank(call.newest).grid() != self.banks.bank(bank).grid();
        let may = if other_grid { step.in_bar <= 1 } else { grid.commits(step, mode) };
        if !may || call.newest == bank {
            return bank;
        }
        if other_grid {
            self.coverage.count(Situation::GridChange);
        }
        self.coverage.count(match mode {
            CommitMode::Step => Situation::StepCommit,
            CommitMode::Beat => Situation::BeatCommit,
            CommitMode::Bar => Situation::BarCommit,
            CommitMode::Cycle => Situation::CycleCommit,
        });
        if self.banks.bank(bank).model() != self.banks.bank(call.newest).model() {
            let due = self.timeline.due(pass, part, decided_at);
            let [early, late] = due.map(|due| due.map_or(i64::MAX, |due| due.at));
            self.expected.releases.push((pass, [early, late]));
            self.coverage.count(Situation::ModelChange);
        }
        call.newest
    }

    /// Adds the onsets of one step.
    fn step(
        &mut self,
        step: &Step,
        grid: &StepGrid,
        bank: usize,
        (pass, part): (usize, usize),
        decided_at: Beats,
        optional: bool,
    ) {
        let call = self.timeline.parts[part].call;
        let playback = &self.calls[call].playback;
        let (swing, take) = ((playback.swing * 64.0) as i64, self.banks.take(bank, step.cycle));
        self.coverage.count(if grid.along_bars { Situation::BarSteps } else { Situation::SongSteps });
        if let Some(fit) = &grid.fit {
            self.coverage.count(match (fit.shared, fit.order.len() as i64 - grid.bar_steps) {
                (2.., _) => Situation::SharedBars,
                (_, ..0) => Situation::CutBars,
                (_, 0) => Situation::WholeBars,
                _ => Situation::LongBars,
            });
        }
        self.coverage.count(match (grid.beat_steps, grid.bar_steps, self.calls[call].transport.compound) {
            (3, _, false) => Situation::TripletSteps,
            (3, _, true) => Situation::CompoundSteps,
            (_, 12, _) => Situation::SteppedInThree,
            _ => Situation::SteppedInFour,
        });
        for instrument in (0..beat::INSTRUMENTS).filter(|drum| take.onsets.has(step.step, *drum)) {
            let offset = i64::from(take.offsets[step.step][instrument]);
            let wished = step.beats + grid.moved(step, swing, offset);
            let beats = wished.max(decided_at);
            let (early, late) = match self.timeline.due(pass, part, beats) {
                [Some(early), Some(late)] => (early, late),
                [Some(due), None] | [None, Some(due)] => (due, due),
                [None, None] => continue,
            };
            let tie_at_the_end = self.timeline.due(pass, part, beats).iter().any(Option::is_none);
            self.note_situations(grid.swings(step) && swing > 0, offset, wished < beats);
            self.expected.onsets.push(ExpectedOnset {
                pass,
                decided: call,
                beats,
                step: grid.step,
                instrument,
                note: self.banks.bank(bank).kit().note(instrument),
                velocity: take.velocities[step.step][instrument],
                due: [early, late],
                optional: optional || tie_at_the_end,
            });
        }
    }

    fn note_situations(&mut self, swung: bool, offset: i64, held: bool) {
        for (met, situation) in [
            (swung, Situation::Swung),
            (offset < 0, Situation::Early),
            (offset > 0, Situation::Late),
            (held, Situation::Held),
        ] {
            if met {
                self.coverage.count(situation);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) beats: Beats,
    /// The step of the pattern.
    pub(crate) step: usize,
    /// The pass through the pattern.
    pub(crate) cycle: i64,
    /// The step in its bar.
    pub(crate) in_bar: i64,
}

/// How the steps of a bank lie in the song during one block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepGrid {
    /// The length of a step is `over / under` beats.
    over: i64,
    under: i64,
    pub(crate) step: Beats,
    beat_steps: i64,
    bar_steps: i64,
    /// Start, number and length of a bar from which all are counted.
    bar: (Beats, i64, Beats),
    /// Whether that is the host's.
    along_bars: bool,
    /// How the pattern's bars are fitted to the host's, if they are.
    fit: Option<Fit>,
}

/// How the bars of the pattern lie in those of the host.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fit {
    /// So many host bars share one of the pattern's.
    shared: i64,
    /// The step of the pattern's bar for each step of a host bar; of the first that share one.
    order: Vec<i64>,
}

impl Fit {
    /// That of a host bar of `steps` steps: the pattern's bar, from which steps are taken out or into which they are
    /// put, ahead of what it ends with.
    fn new(steps: i64, bar: i64, beat: i64) -> Self {
        let shared = (2..=bar).take_while(|count| count * steps <= bar).last();
        if let Some(shared) = shared {
            return Self { shared, order: (0..steps).collect() };
        }
        let mut order: Vec<i64> = Vec::new();
        let whole: Vec<i64> = (0..bar).collect();
        // Whole bars first, until what is left is at most half as long again as one.
        let mut left = steps;
        while left - bar > bar / 2 {
            order.extend(&whole);
            left -= bar;
        }
        // The end is a beat, or half of one where the host bar does not end on a beat.
        let end = if left % beat == 0 { beat } else { beat / 2 };
        let (mut body, end) = (whole[..(bar - end) as usize].to_vec(), &whole[(bar - end) as usize..]);
        let room = left as usize - end.len();
        body.truncate(room);
        if room > body.len() {
            // Beats two, three ... of the bar instead of its last one, as often as they fit.
            body.truncate((bar - beat) as usize);
            let again = body[beat as usize..].to_vec();
            body.extend(again.iter().cycle().take(room - body.len()));
        }
        order.extend(body);
        order.extend(end);
        Self { shared: 1, order }
    }
}

impl StepGrid {
    /// The grid that the bank has and that the call's settings and transport ask for.
    pub(crate) fn of(call: &Call, grid: &Grid) -> Self {
        let (over, under, beat_steps, bar_steps) = match *grid {
            Grid::SHUFFLE if call.transport.compound => (1, 2, 3, 12),
            Grid::SHUFFLE => (1, 3, 3, 12),
            Grid::THREE => (1, 4, 4, 12),
            _ => (1, 4, 4, 16),
        };
        let song = (Beats::ZERO, 0, Beats::ratio(over * bar_steps, under));
        let host = call.transport.bar.filter(|_| call.playback.grid != GridLock::Song);
        let bar = host.map(|bar| (Beats::new(bar.start), bar.number, Beats::new(bar.beats)));
        let (along_bars, bar) = (bar.is_some(), bar.unwrap_or(song));
        let step = Beats::ratio(over, under);
        let mut grid = Self { over, under, step, beat_steps, bar_steps, bar, along_bars, fit: None };
        if along_bars && call.playback.grid == GridLock::FittedBars {
            let steps = (0..).take_while(|step| grid.fits_in(*step)).count() as i64;
            grid.fit = Some(Fit::new(steps, bar_steps, beat_steps));
        }
        grid
    }

    /// The length of so many steps.
    fn steps(&self, count: i64) -> Beats {
        Beats::ratio(self.over * count, self.under)
    }

    /// Whether a bar has this step.
    fn fits_in(&self, in_bar: i64) -> bool {
        self.steps(in_bar) + self.step.half() <= self.bar.2 + TIE
    }

    /// The first step at or after `beats`. One that a bar's end would cut to less than half is left out.
    pub(crate) fn at_or_after(&self, beats: Beats) -> Step {
        let (start, number, length) = self.bar;
        let bars = (beats - start).whole(length);
        let bar_start = start + length * bars;
        // A third of a beat is rounded down: so is the number of steps, before the step itself is tried.
        let before = ((beats - bar_start).covering(self.step) - 1).max(0);
        let in_bar = if bar_start + self.steps(before) >= beats { before } else { before + 1 };
        match self.fits_in(in_bar) {
            true => self.step_of_bar(bar_start, number + bars, in_bar),
            false => self.step_of_bar(bar_start + length, number + bars + 1, 0),
        }
    }

    /// Step `in_bar` of bar `number`: odd bars (the musician's bar 1 is number 0) play the first half of the
    /// pattern, even ones the second; bars longer than that start the half again, unless they are fitted.
    fn step_of_bar(&self, bar_start: Beats, number: i64, in_bar: i64) -> Step {
        let (bar, at) = match &self.fit {
            None => (number, in_bar % self.bar_steps),
            Some(Fit { shared, order }) => {
                let earlier = number.rem_euclid(*shared) * order.len() as i64;
                (number.div_euclid(*shared), earlier + order[in_bar as usize])
            }
        };
        Step {
            beats: bar_start + self.steps(in_bar),
            step: (bar.rem_euclid(2) * self.bar_steps + at) as usize,
            cycle: bar.div_euclid(2),
            in_bar,
        }
    }

    /// Whether a new bank may be committed for this step.
    pub(crate) fn commits(&self, step: &Step, mode: CommitMode) -> bool {
        match mode {
            CommitMode::Step => true,
            CommitMode::Beat => step.in_bar % self.beat_steps == 0,
            CommitMode::Bar => step.in_bar == 0,
            CommitMode::Cycle => step.in_bar == 0 && step.step == 0,
        }
    }

    /// Whether swing delays the step: every second sixteenth, no triplet.
    fn swings(&self, step: &Step) -> bool {
        self.beat_steps == 4 && step.in_bar % 2 == 1
    }

    /// The displacement of an onset by swing (64ths of half a step) and its offset (127ths of half a step).
    pub(crate) fn moved(&self, step: &Step, swing: i64, offset: i64) -> Beats {
        let half = self.step.half();
        let swing = if self.swings(step) { half * swing } else { Beats::ZERO };
        let sum = (swing * 127 + half * offset * 64).part(64 * 127);
        sum.clamp(-half, half)
    }
}

#[cfg(test)]
mod tests {
    use beat::{Playback, Transport};

    use super::*;
    use crate::host::HostMove;
    use crate::script::SIGNATURES;

    /// Which steps of the pattern play in a host bar of each time signature that it is fitted to, by hand: in 4/4,
    /// shuffle and three. `|` parts host bars that share a bar of the pattern.
    const FITTED: [(i64, i64, [&str; 3]); 18] = [
        (4, 4, ["0-15", "0-11", "0-7 4-7 8-11"]),
        (3, 4, ["0-7 12-15", "0-5 9-11", "0-11"]),
        (7, 8, ["0-11 14-15", "0-9 11", "0-7 4-7 10-11"]),
        (5, 4, ["0-11 4-7 12-15", "0-8 3-5 9-11", "0-11 0-3 8-11"]),
        (6, 8, ["0-7 12-15", "0-5|6-11", "0-11"]),
        (12, 8, ["0-11 4-11 12-15", "0-11", "0-11 0-11"]),
        (2, 4, ["0-7|8-15", "0-5|6-11", "0-3 8-11"]),
        (5, 8, ["0-7 14-15", "0-6 11", "0-7 10-11"]),
        (9, 8, ["0-11 4-7 14-15", "0-5 9-11", "0-7 4-7 4-7 10-11"]),
        (6, 4, ["0-11 4-11 12-15", "0-8 3-8 9-11", "0-11 0-11"]),
        (7, 4, ["0-15 0-7 12-15", "0-11 0-5 9-11", "0-11 0-7 4-7 8-11"]),
        (15, 8, ["0-15 0-11 14-15", "0-8 3-5 9-11", "0-11 0-7 4-7 4-7 10-11"]),
        (3, 8, ["0-5|6-11", "0-4|5-9", "0-5|6-11"]),
        (2, 2, ["0-15", "0-11", "0-7 4-7 8-11"]),
        (15, 16, ["0-12 14-15", "0-9 11", "0-7 4-7 4 10-11"]),
        (11, 16, ["0-8 14-15", "0-6 11", "0-8 10-11"]),
        (1, 4, ["0-3|4-7|8-11|12-15", "0-2|3-5|6-8|9-11", "0-3|4-7|8-11"]),
        (13, 32, ["0-6|7-13", "0-4|5-9", "0-4 10-11"]),
    ];

    fn steps(text: &str) -> Vec<i64> {
        let number = |text: &str| text.parse::<i64>().expect("a number");
        let range = |text: &str| match text.split_once('-') {
            Some((from, to)) => number(from)..=number(to),
            None => number(text)..=number(text),
        };
        text.split_whitespace().flat_map(range).collect()
    }

    /// The steps of the pattern's bar in the host bar `number`.
    fn fitted(grid: Grid, upper: i64, lower: i64, number: i64) -> Vec<i64> {
        let length = 4.0 * upper as f64 / lower as f64;
        let bar = HostBar { start: number as f64 * length, number, beats: length };
        let call = Call {
            reset: false,
            newest: 0,
            transport: Transport {
                playing: true,
                beats: bar.start,
                tempo: 120.0,
                sample_rate: 48_000.0,
                frames: 64,
                loop_range: None,
                bar: Some(bar),
                compound: lower == 8 && upper >= 6 && upper % 3 == 0,
            },
            playback: Playback { grid: GridLock::FittedBars, ..Playback::default() },
            room: usize::MAX,
            truth: (Beats::ZERO, None),
            rate: 48_000,
            host_move: HostMove::Otherwise,
        };
        let along = StepGrid::of(&call, &grid);
        let end = Beats::new(bar.start + bar.beats) - TIE;
        let mut found = vec![along.at_or_after(Beats::new(bar.start) - TIE)];
        while let Some(step) = found.last().map(|last| along.at_or_after(last.beats + TIE))
            && step.beats < end
        {
            found.push(step);
        }
        found.iter().map(|step| step.step as i64 % along.bar_steps).collect()
    }

    #[test]
    fn every_time_signature_is_fitted_as_it_is_by_hand() {
        assert_eq!(FITTED.map(|(upper, lower, _)| (upper, lower)), SIGNATURES);
        for (upper, lower, texts) in FITTED {
            for (grid, text) in Grid::ALL.into_iter().zip(texts) {
                // A share begins anew with the host bars behind it.
                let shares: Vec<&str> = text.split('|').collect();
                for (number, share) in (0..).zip(shares.iter().chain(&shares)) {
                    let found = fitted(grid, upper, lower, number);
                    assert_eq!(found, steps(share), "{upper}/{lower} bar {number} in {}", grid.name());
                }
            }
        }
    }
}

//! What must sound: every onset of every pass, in exact time, with the sample at which it is due.

use crate::book::{Book, Due, Pass, Stretch, Undecided};
use crate::covered::{Covered, Situation};
use crate::host::Call;
use crate::lattice::{Lattice, Step};
use crate::shelf::Shelf;
use crate::time::{Beats, TIE};

/// One onset.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The pass it belongs to.
    pub pass: usize,
    /// The call in which its step was decided.
    pub decided: usize,
    /// Where it lies.
    pub beats: Beats,
    /// Which drum.
    pub instrument: usize,
    /// Its note.
    pub note: u8,
    /// Its velocity in the take.
    pub velocity: u8,
    /// The samples at which it may sound: two where a tie falls either way.
    pub due: [Due; 2],
    /// Whether it may stay silent, since it lies on a border within a tie.
    pub optional: bool,
}

/// What a session must sound like.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// All onsets, in the order in which their steps are decided.
    pub cells: Vec<Cell>,
    /// Changes of model: pass, and the samples at which what sounds is ended.
    pub releases: Vec<(usize, [i64; 2])>,
}

/// The score as it is being written.
struct Writing<'a> {
    book: &'a Book,
    calls: &'a [Call],
    shelf: &'a Shelf,
    covered: &'a mut Covered,
    score: Score,
}

impl Score {
    /// Writes the score of all passes.
    pub fn new(book: &Book, calls: &[Call], shelf: &Shelf, covered: &mut Covered) -> Result<Self, Undecided> {
        let mut writing = Writing { book, calls, shelf, covered, score: Self::default() };
        for (index, pass) in book.passes.iter().enumerate() {
            writing.pass(index, pass)?;
        }
        Ok(writing.score)
    }
}

impl Writing<'_> {
    fn pass(&mut self, index: usize, pass: &Pass) -> Result<(), Undecided> {
        let Some(first) = self.book.stretches.get(pass.stretches.0) else { return Ok(()) };
        // A start, a seek and a wrap commit in every mode.
        let mut bank = self.calls[first.call].newest;
        let mut next = (pass.from - TIE).max(Beats::ZERO);
        for stretch in pass.stretches.0..pass.stretches.1 {
            let here = &self.book.stretches[stretch];
            let lattice = Lattice::of(&self.calls[here.call]);
            loop {
                let step = lattice.at_or_after(next);
                let ahead = if self.shelf.early(bank, step.cycle) { Beats::HALF_STEP } else { Beats::ZERO };
                let decided_at = (step.beats - ahead).max(pass.origin).max(Beats::ZERO);
                let (surely, maybe) = here.reaches(decided_at);
                if !maybe || here.limit.is_some_and(|limit| step.beats + TIE >= limit) {
                    break;
                }
                if !surely && stretch + 1 < pass.stretches.1 {
                    self.must_be_alike(here, &self.book.stretches[stretch + 1])?;
                }
                bank = self.commit(bank, &step, index, stretch, decided_at);
                let optional = !surely || step.beats < pass.from + TIE && pass.from != pass.origin;
                self.step(&step, bank, (index, stretch), decided_at, optional);
                next = step.beats + TIE;
            }
        }
        Ok(())
    }

    /// A step may be decided on either side of a border between blocks only if it comes out the same.
    fn must_be_alike(&self, here: &Stretch, next: &Stretch) -> Result<(), Undecided> {
        let [a, b] = [here, next].map(|stretch| {
            let call = &self.calls[stretch.call];
            let (knobs, bar) = (call.playback, call.transport.bar.map(|bar| bar.beats));
            (knobs.commit, knobs.swing, knobs.grid, call.newest, bar)
        });
        if a == b { Ok(()) } else { Err(Undecided(next.call)) }
    }

    /// The bank that plays `step`, where `bank` played before it.
    fn commit(&mut self, bank: usize, step: &Step, pass: usize, stretch: usize, decided_at: Beats) -> usize {
        let call = &self.calls[self.book.stretches[stretch].call];
        let mode = call.playback.commit;
        if !step.commits(mode) || call.newest == bank {
            return bank;
        }
        self.covered.count(match mode {
            beat::CommitMode::Step => Situation::StepCommit,
            beat::CommitMode::Beat => Situation::BeatCommit,
            beat::CommitMode::Bar => Situation::BarCommit,
            beat::CommitMode::Cycle => Situation::CycleCommit,
        });
        if self.shelf.bank(bank).model() != self.shelf.bank(call.newest).model() {
            let due = self.book.due(pass, stretch, decided_at);
            let [early, late] = due.map(|due| due.map_or(i64::MAX, |due| due.at));
            self.score.releases.push((pass, [early, late]));
            self.covered.count(Situation::ModelChange);
        }
        call.newest
    }

    /// Writes down the onsets of one step.
    fn step(
        &mut self,
        step: &Step,
        bank: usize,
        (pass, stretch): (usize, usize),
        decided_at: Beats,
        optional: bool,
    ) {
        let call = self.book.stretches[stretch].call;
        let playback = &self.calls[call].playback;
        let (swing, take) = ((playback.swing * 64.0) as i64, self.shelf.take(bank, step.cycle));
        self.covered.count(match Lattice::of(&self.calls[call]) {
            Lattice::Song => Situation::SongSteps,
            Lattice::Bars(_) => Situation::BarSteps,
        });
        for instrument in (0..beat::INSTRUMENTS).filter(|drum| take.onsets.has(step.step, *drum)) {
            let offset = i64::from(take.offsets[step.step][instrument]);
            let wished = step.beats + step.moved(swing, offset);
            let beats = wished.max(decided_at);
            let (early, late) = match self.book.due(pass, stretch, beats) {
                [Some(early), Some(late)] => (early, late),
                [Some(due), None] | [None, Some(due)] => (due, due),
                [None, None] => continue,
            };
            let tie_at_the_end = self.book.due(pass, stretch, beats).iter().any(Option::is_none);
            self.note_situations(step, swing, offset, wished < beats);
            self.score.cells.push(Cell {
                pass,
                decided: call,
                beats,
                instrument,
                note: self.shelf.bank(bank).kit().note(instrument),
                velocity: take.velocities[step.step][instrument],
                due: [early, late],
                optional: optional || tie_at_the_end,
            });
        }
    }

    fn note_situations(&mut self, step: &Step, swing: i64, offset: i64, held: bool) {
        for (met, situation) in [
            (swing > 0 && step.in_bar % 2 == 1, Situation::Swung),
            (offset < 0, Situation::Early),
            (offset > 0, Situation::Late),
            (held, Situation::Held),
        ] {
            if met {
                self.covered.count(situation);
            }
        }
    }
}

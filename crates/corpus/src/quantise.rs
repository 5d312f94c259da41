//! Quantises played hits: regions of one metre on the grid that they are played on, cut at long pauses, by whole
//! bars.

mod regions;

use crate::grid::{GridSelection, NoGrid, PATTERN_BARS, RegionGrid, SIXTEENTHS_PER_QUARTER, SongGrid};
use crate::midi::{Hit, Part, TempoChange};
use crate::notes::NoteTable;
use crate::remainder::{Remainder, Remainders};

use regions::{Region, regions};

/// Bars of the longest song that is read: 11 hours of 4/4 at 120 beats a minute.
pub const MOST_BARS: usize = 20_000;
/// The tempo before the first tempo change, in beats a minute.
const DEFAULT_BPM: f64 = 120.0;

/// The drums of one song, quantised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantisedSong {
    /// The passages between long pauses, in the order of time.
    pub passages: Vec<Passage>,
    /// Drum hits of the song, in its passages or not.
    pub all_hits: usize,
    /// Hits that were quantised: those in the passages, and those of flams and rolls.
    pub hits: usize,
    /// The sum over those of their distance to the nearest step, in steps.
    pub error_sum_steps: f64,
    /// The hits that are in no passage, by reason.
    pub remainders: Remainders,
    /// Bars of all passages.
    used_bars: usize,
}

/// Whole bars on one grid without a long pause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// The grid.
    pub grid: SongGrid,
    /// The steps, a whole number of bars: bit `i` is a hit of instrument `i` of the default kit.
    pub steps: Vec<u16>,
    /// The onsets of the steps, step by step and within a step from instrument 0 up.
    pub onsets: Vec<PlayedOnset>,
    /// Where step 0 lies, in sixteenths from the start of the file.
    pub start: f64,
    /// The length of a step, in sixteenths.
    pub step_sixteenths: f64,
    /// Where the tempo changes, and to how many beats a minute.
    tempos: Vec<(f64, f64)>,
}

/// One onset as it was played: the loudest hit of its instrument on its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayedOnset {
    /// The step of the passage.
    pub step: u32,
    /// The instrument of the default kit, 0..14.
    pub instrument: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
    /// How late, in hundredths of a step: -50..=50.
    pub offset: i8,
}

/// The song is longer than [`MOST_BARS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has more than {MOST_BARS} bars of drums")]
pub struct TooLong;

impl QuantisedSong {
    /// Quantises the regions of one song that are in 4/4 to sixteenths.
    ///
    /// # Errors
    /// [`TooLong`] for a file that would fill the memory.
    pub fn of(parts: &[Part], notes: NoteTable) -> Result<Self, TooLong> {
        Self::on_grids(parts, notes, &GridSelection::default())
    }

    /// Quantises the chosen regions of one song, each on its grid.
    ///
    /// # Errors
    /// [`TooLong`] for a file that would fill the memory.
    pub fn on_grids(parts: &[Part], notes: NoteTable, grids: &GridSelection) -> Result<Self, TooLong> {
        let mut song = Self::default();
        for part in parts {
            song.all_hits += part.hits.len();
            let mut hits = part.hits.as_slice();
            for region in regions(&part.time_signatures) {
                let inside = hits.partition_point(|hit| hit.step < region.hits_end());
                let (here, later) = hits.split_at(inside);
                hits = later;
                song.add_region(&region, here, part, notes, grids)?;
            }
        }
        Ok(song)
    }

    /// The mean distance of the hits to their step, in steps (0..=0.5), or `None` without hits.
    pub fn mean_error_steps(&self) -> Option<f64> {
        (self.hits > 0).then(|| self.error_sum_steps / self.hits as f64)
    }

    /// The counts alone.
    #[must_use]
    pub fn without_passages(self) -> Self {
        Self { passages: Vec::new(), ..self }
    }

    fn add_region(
        &mut self,
        region: &Region,
        hits: &[Hit],
        part: &Part,
        notes: NoteTable,
        grids: &GridSelection,
    ) -> Result<(), TooLong> {
        if hits.is_empty() {
            return Ok(());
        }
        let drums = || hits.iter().filter(|hit| notes.instrument(hit.note).is_some());
        let reason = match grids.region(region.metre, drums().map(|hit| hit.step - region.start)) {
            Some(Ok(grid)) => {
                let bars = RegionSteps::of(region, grid, part.length_steps);
                return self.add_passages(&bars, hits, &part.tempos, notes);
            }
            Some(Err(NoGrid::TooLong)) => Remainder::LongBar,
            Some(Err(NoGrid::Uneven)) => Remainder::UnevenBar,
            None => Remainder::OtherMetre,
        };
        let of_drums = drums().count();
        self.remainders.add(reason, of_drums);
        self.remainders.add(Remainder::NoDrum, hits.len() - of_drums);
        Ok(())
    }

    fn add_passages(
        &mut self,
        bars: &RegionSteps,
        hits: &[Hit],
        tempos: &[TempoChange],
        notes: NoteTable,
    ) -> Result<(), TooLong> {
        let pause = bars.grid.steps() as i64;
        let mut open: Option<OpenPassage> = None;
        for hit in hits {
            let Some(instrument) = notes.instrument(hit.note) else {
                self.remainders.add(Remainder::NoDrum, 1);
                continue;
            };
            let position = bars.position(hit.step);
            let step = (position + 0.5) as i64; // never negative, so this rounds to the nearest
            if step >= bars.whole_steps {
                self.remainders.add(Remainder::CutBar, 1);
                continue;
            }
            self.hits += 1;
            self.error_sum_steps += (position - step as f64).abs();
            // More than two bars of steps without a hit are a pause, which begins a new passage.
            if let Some(ended) = open.take_if(|passage| step - passage.last_step > pause) {
                self.close(ended, bars, tempos);
                open = Some(OpenPassage::at(bars.bar_before(step), bars.grid));
            }
            let passage = open.get_or_insert_with(|| OpenPassage::at(bars.first_bar(step), bars.grid));
            let offset = ((position - step as f64) * 100.0).round() as i8;
            let room_bars = MOST_BARS - self.used_bars;
            let is_new = passage.add(step, (instrument, hit.velocity, offset), room_bars)?;
            self.remainders.add(Remainder::Flam, usize::from(!is_new));
        }
        if let Some(mut last) = open {
            last.extend(bars.last_bar_end(last.last_step), MOST_BARS - self.used_bars);
            self.close(last, bars, tempos);
        }
        Ok(())
    }

    fn close(&mut self, passage: OpenPassage, bars: &RegionSteps, tempos: &[TempoChange]) {
        self.used_bars += passage.steps.len() / passage.steps_per_bar;
        let start = bars.start + passage.first_step as f64 * bars.step_sixteenths;
        let end = start + passage.steps.len() as f64 * bars.step_sixteenths;
        self.passages.push(Passage {
            grid: bars.grid,
            steps: passage.steps,
            onsets: passage.onsets,
            start,
            step_sixteenths: bars.step_sixteenths,
            tempos: tempos_within(tempos, start, end),
        });
    }
}

/// The tempo at `start` and those that follow before `end`, with their places.
fn tempos_within(tempos: &[TempoChange], start: f64, end: f64) -> Vec<(f64, f64)> {
    let first = tempos.partition_point(|tempo| tempo.step <= start).saturating_sub(1);
    let last = tempos.partition_point(|tempo| tempo.step < end).max(first);
    tempos[first..last].iter().map(|tempo| (tempo.step, 6e7 / f64::from(tempo.micros_per_beat))).collect()
}

impl Passage {
    /// A passage of these steps in 4/4, as a song would be that is played on the grid at velocity 100.
    pub fn of_steps(steps: Vec<u16>) -> Self {
        let onset = |(step, instrument): (usize, usize)| PlayedOnset {
            step: step as u32,
            instrument: instrument as u8,
            velocity: 100,
            offset: 0,
        };
        let cells = (0..steps.len()).flat_map(|step| (0..beat::INSTRUMENTS).map(move |drum| (step, drum)));
        let onsets = cells.filter(|(step, drum)| steps[*step] >> drum & 1 == 1).map(onset).collect();
        Self { steps, onsets, step_sixteenths: 1.0, ..Self::default() }
    }

    /// How many bars it has.
    pub fn bars(&self) -> usize {
        self.steps.len() / self.grid.steps_per_bar()
    }

    /// The steps from the first bar with a hit to the last one.
    pub fn without_silent_ends(&self) -> &[u16] {
        let bar_of = |step: usize| step / self.grid.steps_per_bar();
        let bar = |step: Option<usize>| step.map_or(0, bar_of);
        let first = bar(self.steps.iter().position(|&step| step != 0));
        let last = bar(self.steps.iter().rposition(|&step| step != 0));
        let bars = first * self.grid.steps_per_bar()..(last + 1) * self.grid.steps_per_bar();
        self.steps.get(bars).unwrap_or_default()
    }

    /// The bars at which a two-bar window begins.
    pub fn windows(&self) -> std::ops::Range<usize> {
        0..(self.bars() + 1).saturating_sub(PATTERN_BARS)
    }

    /// The two-bar window that begins at bar `bar`, below `bars() - 1`.
    pub fn window(&self, bar: usize) -> &[u16] {
        let start = bar * self.grid.steps_per_bar();
        &self.steps[start..start + self.grid.steps()]
    }

    /// The onsets of the two-bar window that begins at bar `bar`.
    pub fn window_onsets(&self, bar: usize) -> &[PlayedOnset] {
        let start = bar * self.grid.steps_per_bar();
        let at = |step: usize| self.onsets.partition_point(|onset| (onset.step as usize) < step);
        &self.onsets[at(start)..at(start + self.grid.steps())]
    }

    /// Where bar `bar` begins, in quarter notes from the start of the file.
    pub fn beats_at(&self, bar: usize) -> f64 {
        let sixteenths = (bar * self.grid.steps_per_bar()) as f64 * self.step_sixteenths;
        (self.start + sixteenths) / SIXTEENTHS_PER_QUARTER as f64
    }

    /// The tempo where bar `bar` begins, in beats of the grid a minute: quarter notes, in 12/8 that is read as
    /// 4/4 its dotted ones.
    pub fn tempo_at(&self, bar: usize) -> f64 {
        let at = self.beats_at(bar) * SIXTEENTHS_PER_QUARTER as f64;
        let before = self.tempos.partition_point(|(step, _)| *step <= at + 1e-6).checked_sub(1);
        let quarters = before.map_or(DEFAULT_BPM, |last| self.tempos[last].1);
        let steps_per_quarter = SIXTEENTHS_PER_QUARTER as f64 / self.step_sixteenths;
        quarters * steps_per_quarter / self.grid.subdivision().steps_per_quarter() as f64
    }
}

/// Where the steps of a region lie.
struct RegionSteps {
    grid: SongGrid,
    /// In sixteenths from the start of the file.
    start: f64,
    step_sixteenths: f64,
    /// Steps of whole bars before the signature changes.
    whole_steps: i64,
    /// Steps of whole bars before the file ends, where no other signature follows.
    file_steps: Option<i64>,
}

impl RegionSteps {
    fn of(region: &Region, RegionGrid { grid, step_sixteenths }: RegionGrid, length: f64) -> Self {
        let steps_per_bar = grid.steps_per_bar() as i64;
        let whole = |end: f64, slack: f64| {
            let bars = (end - region.start) / step_sixteenths / steps_per_bar as f64;
            ((bars + slack).floor() as i64).saturating_mul(steps_per_bar) // infinity saturates
        };
        let file_steps = (region.end == f64::INFINITY).then(|| whole(length + step_sixteenths / 2.0, 0.0));
        Self { grid, start: region.start, step_sixteenths, whole_steps: whole(region.end, 1e-6), file_steps }
    }

    /// A place of the file in steps of the region, -0.5 or more for its hits.
    fn position(&self, sixteenths: f64) -> f64 {
        (sixteenths - self.start) / self.step_sixteenths
    }

    /// The first step of the bar that `step` is in.
    fn bar_before(&self, step: i64) -> i64 {
        step - step.rem_euclid(self.grid.steps_per_bar() as i64)
    }

    /// Where a passage begins whose first hit is on `step`, the first of the region: at the start of the file up
    /// to two bars of silence belong to it.
    fn first_bar(&self, step: i64) -> i64 {
        let bar = self.bar_before(step);
        if self.start > 0.0 { bar } else { (bar - self.grid.steps() as i64).max(0) }
    }

    /// Where a passage ends whose last hit is on `step`, the last of the region: at the end of the file up to two
    /// bars of silence belong to it.
    fn last_bar_end(&self, step: i64) -> i64 {
        let end = self.bar_before(step) + self.grid.steps_per_bar() as i64;
        self.file_steps.map_or(end, |file| end.max(file.min(end + self.grid.steps() as i64)))
    }
}

/// A passage that is not complete yet.
struct OpenPassage {
    first_step: i64,
    last_step: i64,
    steps_per_bar: usize,
    steps: Vec<u16>,
    onsets: Vec<PlayedOnset>,
}

impl OpenPassage {
    /// One that begins at a bar's first step.
    fn at(first_step: i64, grid: SongGrid) -> Self {
        let (steps, onsets) = Default::default();
        Self { first_step, last_step: first_step, steps_per_bar: grid.steps_per_bar(), steps, onsets }
    }

    /// Adds a hit (instrument, velocity, offset); false where its instrument is on its step already, and the
    /// louder of the two stays.
    fn add(&mut self, step: i64, hit: (u8, u8, i8), room_bars: usize) -> Result<bool, TooLong> {
        let (instrument, velocity, offset) = hit;
        let index = (step - self.first_step) as usize; // hits arrive in the order of time
        if index >= self.steps.len() {
            let length = (index / self.steps_per_bar + 1) * self.steps_per_bar;
            if length > room_bars * self.steps_per_bar {
                return Err(TooLong);
            }
            self.steps.resize(length, 0);
        }
        self.last_step = step;
        let is_new = self.steps[index] >> instrument & 1 == 0;
        self.steps[index] |= 1 << instrument;
        let onset = PlayedOnset { step: index as u32, instrument, velocity, offset };
        // The onsets of this step are the last ones.
        let place = self
            .onsets
            .iter()
            .rposition(|other| (other.step, other.instrument) <= (onset.step, onset.instrument));
        match place {
            Some(place) if !is_new => {
                let other = &mut self.onsets[place];
                if velocity > other.velocity {
                    *other = onset;
                }
            }
            place => self.onsets.insert(place.map_or(0, |place| place + 1), onset),
        }
        Ok(is_new)
    }

    /// Adds silent steps up to `end`, a bar line, as far as there is room.
    fn extend(&mut self, end: i64, room_bars: usize) {
        let length = (end - self.first_step) as usize;
        if length > self.steps.len() && length <= room_bars * self.steps_per_bar {
            self.steps.resize(length, 0);
        }
    }
}

#[cfg(test)]
mod tests;

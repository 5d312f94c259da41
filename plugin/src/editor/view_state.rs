//! The view state of one frame: everything that the parts of the window show.

use beat::{Bank, Edits, Grid, GridLock, Playhead, Shape, Take};

use super::actions::{Actions, Gesture};
use crate::params::{BeatfieldParams, Commit, SceneChoice};
use crate::shared::{Decoded, Meters};

/// What is shown, and the actions that change it.
pub(super) struct ViewState<'a> {
    pub(super) params: &'a BeatfieldParams,
    pub(super) actions: &'a Actions<'a>,
    pub(super) shared: &'a crate::shared::SharedState,
    pub(super) decoded: &'a Decoded,
    pub(super) meters: &'a Meters,
    pub(super) shape: Shape,
    /// Seconds since the window opened.
    pub(super) now: f64,
}

impl ViewState<'_> {
    /// The playing step and take; `None` at rest.
    pub(super) fn playhead(&self) -> Option<Playhead> {
        self.meters.playhead().filter(|_| self.meters.rolling())
    }

    /// The playing cycle, as [`Playhead::cycle`] counts.
    pub(super) fn cycle(&self) -> i64 {
        self.playhead().map_or(0, |at| at.cycle)
    }

    /// The playing bank; at rest the one that would play first.
    pub(super) fn bank(&self) -> &Bank {
        let bank = match self.playhead() {
            Some(_) => self.decoded.sounding(self.wanted_grid(), self.meters.committed()),
            None => self.decoded.newest(self.wanted_grid()),
        };
        bank.unwrap_or(&Bank::SILENT)
    }

    /// The grid of the field that is shown: of the metre, or of the host's time signature.
    pub(super) fn wanted_grid(&self) -> Grid {
        self.params.grid(self.meters)
    }

    /// The grid of the playing bank, which another field leaves at a bar.
    pub(super) fn grid(&self) -> &Grid {
        self.bank().grid()
    }

    /// What was edited on that grid.
    pub(super) fn edits(&self) -> &Edits {
        self.shape.edits(self.grid())
    }

    /// Changes the edits of that grid.
    pub(super) fn set_edits(&self, edits: Edits) {
        self.actions.set_shape(self.shape.with_edits(self.grid(), edits));
    }

    /// The playing take; at rest the one that would play first.
    pub(super) fn take(&self) -> &Take {
        self.bank().take(self.cycle())
    }

    /// The take that plays after the next commit, where a bank waits for it.
    pub(super) fn waiting(&self) -> Option<&Take> {
        let at = self.playhead()?;
        let bank = self.decoded.waiting(self.wanted_grid(), self.meters.committed())?;
        let (grid, meter) = (bank.grid(), self.meters.meter());
        if grid != self.grid() {
            return None; // its steps lie elsewhere
        }
        let played = if meter.is_compound() { grid.along_compound_bars() } else { *grid };
        let bar_steps = match self.params.playback().grid {
            GridLock::Song => grid.bar_steps(),
            GridLock::HostBars | GridLock::FittedBars => {
                (meter.bar_beats() / played.step_beats()).ceil() as usize
            }
        };
        let cycles = cycles_to_commit(at, self.params.commit.value(), grid, bar_steps);
        Some(bank.take(at.cycle + i64::from(cycles)))
    }

    /// The silent instruments: muted, or without solo where another has it.
    pub(super) fn mutes(&self) -> u16 {
        self.params.playback().mutes
    }

    /// The name of an instrument.
    pub(super) fn instrument_name(&self, instrument: usize) -> &str {
        match self.decoded.model.as_deref() {
            Some(model) => &model.instrument_names()[instrument],
            None => beat::DEFAULT_INSTRUMENT_NAMES[instrument],
        }
    }

    /// The note that an instrument plays.
    pub(super) fn note(&self, instrument: usize) -> u8 {
        let own = self.decoded.model.as_deref().map_or(beat::Kit::DEFAULT, nets::Model::kit);
        self.shape.kit.unwrap_or(own).note(instrument)
    }

    /// The puck's place, without modulation.
    pub(super) fn place(&self) -> [f32; 2] {
        use nice_plug::prelude::Param;
        [self.params.x.unmodulated_normalized_value(), self.params.y.unmodulated_normalized_value()]
    }

    /// The place of the playing beat where that is not the puck's: of a scene or on the orbit.
    pub(super) fn sounding_place(&self) -> Option<[f32; 2]> {
        let settings = self.params.settings();
        if self.params.scene_in_effect().is_some_and(|scene| self.params.saved.scenes().get(scene).is_some())
        {
            return Some([settings.x, settings.y]);
        }
        let at = self.playhead().unwrap_or(Playhead { step: 0, cycle: 0, in_bar: 0 });
        let orbit = self.shape.orbit.unwrap_or_default();
        (settings.orbit_bars > 0)
            .then(|| orbit.place(settings.orbit_bars, self.grid(), at.cycle.max(0) as u32, at.step))
    }

    /// Leaves a chosen scene, as the player moves the puck.
    pub(super) fn leave_scene(&self) {
        use nice_plug::prelude::Param;
        if self.params.scene.value() != SceneChoice::Puck {
            let puck = self.params.scene.preview_normalized(SceneChoice::Puck);
            self.actions.edit(&self.params.scene, Gesture::Once(puck));
        }
    }
}

/// How many cycles after that of the playhead the next commit is, 0 or 1, in bars of `bar_steps` steps. Each bar
/// begins a half of the pattern, whatever its length.
fn cycles_to_commit(at: Playhead, commit: Commit, grid: &Grid, bar_steps: usize) -> u8 {
    let steps = match commit {
        Commit::Step => 1,
        Commit::Beat => grid.beat_steps(),
        Commit::Bar => bar_steps.max(1),
        Commit::Cycle => return 1,
    };
    let next = (at.in_bar / steps + 1) * steps;
    u8::from(next >= bar_steps && at.step >= grid.bar_steps())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_commit_is_a_cycle_on_where_the_bar_ends_and_is_the_second_of_its_two() {
        let cycles = |step, in_bar, commit, bar_steps| {
            cycles_to_commit(Playhead { step, cycle: 0, in_bar }, commit, &Grid::FOUR_FOUR, bar_steps)
        };
        for (step, in_bar, bar_steps, expected) in [
            // Bars of 4/4; of 5/8, which end the half early; of 5/4, which begin it again.
            (15, 15, 16, [0, 0, 0, 1]),
            (30, 14, 16, [0, 1, 1, 1]),
            (31, 15, 16, [1, 1, 1, 1]),
            (9, 9, 10, [0, 0, 0, 1]),
            (24, 8, 10, [0, 1, 1, 1]),
            (25, 9, 10, [1, 1, 1, 1]),
            (31, 15, 20, [0, 0, 1, 1]),
            (19, 19, 20, [1, 1, 1, 1]),
        ] {
            let commits = [Commit::Step, Commit::Beat, Commit::Bar, Commit::Cycle];
            let found = commits.map(|commit| cycles(step, in_bar, commit, bar_steps));
            assert_eq!(found, expected, "step {step}, {in_bar} of {bar_steps}");
        }
    }
}

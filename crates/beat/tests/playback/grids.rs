//! Grids other than that of 4/4, and changes between them.

use super::*;

/// A bank of a kick on every step, on this grid.
fn every_step(grid: Grid) -> Bank {
    let take =
        (0..grid.steps()).fold(Take::EMPTY, |take, step| Take { onsets: take.onsets.with(step, 0), ..take });
    Bank::new(&[take], 1, grid, Kit::DEFAULT, Settings::DEFAULT, 1)
}

#[test]
fn a_shuffle_sounds_on_triplets_and_on_eighths_in_twelve_eight() {
    let mut host = Host::new(Take::EMPTY);
    host.newest = every_step(Grid::SHUFFLE);
    host.roll(&mut Sequencer::new(), &Playback::default(), 0.0, 47_000, 512);
    let starts: Vec<u64> = host.ons().iter().map(|on| on.0).collect();
    assert_eq!(starts, [0, 8_000, 16_000, 24_000, 32_000, 40_000], "three to the beat");

    let bar = Some(HostBar { start: 0.0, number: 0, beats: 6.0 });
    let mut host = Host::new(Take::EMPTY);
    host.newest = every_step(Grid::SHUFFLE);
    host.block(
        &mut Sequencer::new(),
        &Transport { bar, compound: true, ..at(0.0, 47_000) },
        &Playback::default(),
    );
    let starts: Vec<u64> = host.ons().iter().map(|on| on.0).collect();
    assert_eq!(starts, [0, 12_000, 24_000, 36_000], "three to the dotted quarter");
}

#[test]
fn another_grid_waits_for_the_bar_whatever_the_commit_mode() {
    let mut host = Host::new(Take::EMPTY);
    host.newest = every_step(Grid::FOUR_FOUR);
    let mut sequencer = Sequencer::new();
    let playback = Playback { commit: CommitMode::Step, ..Playback::default() };
    let beats = host.roll(&mut sequencer, &playback, 3.0, 1_000, 500);
    host.newest = every_step(Grid::SHUFFLE);
    host.roll(&mut sequencer, &playback, beats, 47_000, 500);
    let starts: Vec<u64> = host.ons().iter().map(|on| on.0).collect();
    assert_eq!(starts, [0, 6_000, 12_000, 18_000, 24_000, 32_000, 40_000]);
    assert_eq!(host.offs().len(), starts.len(), "each ends");
}

/// The block that reaches over a bar line has the time signature of before.
#[test]
fn another_grid_that_comes_a_block_behind_the_bar_starts_with_its_second_step() {
    let mut host = Host::new(Take::EMPTY);
    host.newest = every_step(Grid::FOUR_FOUR);
    let mut sequencer = Sequencer::new();
    let playback = Playback { commit: CommitMode::Cycle, ..Playback::default() };
    let beats = host.roll(&mut sequencer, &playback, 3.75, 6_100, 100);
    host.newest = every_step(Grid::SHUFFLE);
    host.roll(&mut sequencer, &playback, beats, 24_000, 100);
    let starts: Vec<u64> = host.ons().iter().map(|on| on.0).collect();
    assert_eq!(starts[..2], [0, 6_000], "the first step of the bar is in the old grid");
    assert_eq!(starts[2..], [14_000, 22_000, 30_000], "then come the second triplet and the third");
}

/// The steps of the pattern that sound in two host bars of so many beats, fitted to them. The velocity of each step of
/// the pattern is its number.
fn fitted_steps(grid: Grid, bar_beats: f64) -> [Vec<usize>; 2] {
    let mut take = Take::EMPTY;
    for step in 0..grid.steps() {
        take.onsets = take.onsets.with(step, 0);
        take.velocities[step][0] = step as u8 + 1;
    }
    [0, 1].map(|number| {
        let mut host = Host::new(take);
        host.newest = Bank::new(&[take], 1, grid, Kit::DEFAULT, Settings::DEFAULT, 1);
        let start = number as f64 * bar_beats;
        let bar = Some(HostBar { start, number, beats: bar_beats });
        let playback = Playback { grid: GridLock::FittedBars, ..Playback::default() };
        let frames = (bar_beats * 24_000.0) as u32 - 1;
        host.block(&mut Sequencer::new(), &Transport { bar, ..at(start, frames) }, &playback);
        let velocity = |event: &(u64, NoteEvent)| match event.1.kind {
            NoteKind::On { velocity } => Some(usize::from(velocity) - 1),
            NoteKind::Off => None,
        };
        host.events.iter().filter_map(velocity).collect()
    })
}

/// Where the cut fell into the pattern's last beat, what was left of that beat played beat two again.
#[test]
fn a_bar_that_is_a_sixteenth_short_leaves_one_step_out_and_repeats_none() {
    let without = |left_out: usize, steps: usize| -> Vec<usize> {
        (0..steps).filter(|step| *step != left_out).collect()
    };
    let [first, second] = fitted_steps(Grid::FOUR_FOUR, 15.0 / 4.0);
    assert_eq!(first, without(13, 16), "15/16");
    assert_eq!(second, without(13, 16).iter().map(|step| step + 16).collect::<Vec<_>>(), "15/16");
    assert_eq!(fitted_steps(Grid::THREE, 11.0 / 4.0)[0], without(9, 12), "11/16");
}

//! A phrase as the takes of a bank, orchestrated for a kit and played on any grid.

use beat::{Grid, INSTRUMENTS, MOST_STEPS, PIECES, Pattern, PieceMap, Take};

use super::Phrase;
use super::plan::{HALF, PHRASE_BARS, PlanContext};
use crate::draw::velocity;
use crate::{CounterRng, GridReading, ONE_BAR, RngStream, TWO_BARS};

/// A hit that a phrase adds to its beat gets the velocity of an onset with this probability, so that it is no
/// ghost note.
const ADDED_HIT_PROBABILITY: f32 = 0.8;

/// The phrase played by a kit: take `k` is its bars `2k` and `2k + 1`.
///
/// `beat` is the take that it develops, of which the phrase's theme is the reading. Hits copied from a reference keep
/// its instruments; a new hit is played by the instrument that the beat uses most for that piece, else by the kit's
/// first. Velocities are those of the beat; those of new hits follow the metre.
pub(crate) fn takes(
    phrase: &Phrase,
    beat: &Take,
    pieces: &PieceMap,
    rng: &CounterRng,
    reading: &GridReading,
) -> [Take; PHRASE_BARS / 2] {
    let preferred: [u16; PIECES] =
        std::array::from_fn(|piece| preferred_instrument(&beat.onsets, pieces.instruments(piece)));
    let mut played: Vec<u16> = Vec::with_capacity(phrase.steps.len());
    for (step, class) in phrase.steps.iter().enumerate() {
        let bar = step / ONE_BAR;
        let half = step % ONE_BAR / HALF;
        let reference = phrase.plans[bar].half(half).reference;
        let source = match PlanContext::bars_back(reference) {
            None => reading.step_at(step % TWO_BARS).map_or(0, |step| beat.onsets.step(step)),
            // The planner only chooses references that exist.
            Some(bars) => step.checked_sub(bars * ONE_BAR).map_or(0, |from| played[from]),
        };
        played.push(orchestrate(*class, source, pieces, &preferred));
    }
    let grid = *reading.grid();
    std::array::from_fn(|take| {
        let hits_at =
            |step| reading.steps_read_at(step).fold(0, |hits, four| hits | played[take * TWO_BARS + four]);
        // Only the bits of the 14 instruments were set.
        let onsets = Pattern::new((0..grid.steps()).map(hits_at).collect::<Vec<_>>()).unwrap_or_default();
        Take { onsets, velocities: added_velocities(&onsets, beat, rng, take, &grid), ..*beat }
    })
}

/// The instruments that play a class: those of `source` whose piece is still hit, and the preferred instrument
/// of every new piece.
fn orchestrate(class: u16, source: u16, pieces: &PieceMap, preferred: &[u16; PIECES]) -> u16 {
    (0..PIECES).filter(|piece| class >> piece & 1 == 1).fold(0, |step, piece| {
        let copied = source & pieces.instruments(piece);
        step | if copied == 0 { preferred[piece] } else { copied }
    })
}

/// The one of `players` that a beat hits most, the first of several; none where there are none.
fn preferred_instrument(beat: &Pattern, players: u16) -> u16 {
    let hits = |instrument: &usize| beat.cells().filter(|(_, struck)| struck == instrument).count();
    let most = (0..INSTRUMENTS).rev().filter(|instrument| players >> instrument & 1 == 1).max_by_key(hits);
    most.map_or(0, |instrument| 1 << instrument)
}

/// The velocity of each cell: the beat's where it has a hit, else that of an added hit.
pub(crate) fn added_velocities(
    onsets: &Pattern,
    beat: &Take,
    rng: &CounterRng,
    take: usize,
    grid: &Grid,
) -> [[u8; INSTRUMENTS]; MOST_STEPS] {
    let mut velocities = beat.velocities;
    for (step, drum) in onsets.cells().filter(|(step, drum)| !beat.onsets.has(*step, *drum)) {
        let cell = (take * grid.steps() + step) * INSTRUMENTS + drum;
        let uniform = rng.uniform(cell, RngStream::Velocity);
        velocities[step][drum] = velocity(ADDED_HIT_PROBABILITY, step, grid, uniform);
    }
    velocities
}

#[cfg(test)]
mod tests {
    use beat::Kit;

    use super::super::plan::{BarPlan, PHRASE_STEPS};
    use super::*;

    #[test]
    fn copied_hits_keep_their_instruments_and_new_hits_use_those_of_the_beat() {
        let pieces = PieceMap::of(&Kit::DEFAULT);
        let clap = Pattern::EMPTY.with(4, 3).with(12, 3).with(0, 0);
        let mut beat = Take { onsets: clap, ..Take::EMPTY };
        beat.velocities[4][3] = 9;
        let reading = GridReading::of(Grid::FOUR_FOUR);
        let theme = reading.theme(&beat.onsets, &pieces);
        let mut steps: [u16; PHRASE_STEPS] = std::array::from_fn(|step| theme[step % TWO_BARS]);
        steps[14] |= 1 << 1; // one more snare; below, a crash
        steps[32] |= 1 << 7;
        let plans = [BarPlan::default(); PHRASE_BARS];
        let rng = CounterRng { seed: 1, take: 0 };
        let takes = takes(&Phrase { steps, plans }, &beat, &pieces, &rng, &reading);
        assert_eq!(takes[0].onsets, clap.with(14, 3));
        assert_eq!(takes[1].onsets, clap.with(0, 9));
        assert_eq!((takes[0].velocities[4][3], takes[2].onsets), (9, clap));
        assert!(takes[0].velocities[14][3] > 60, "{}", takes[0].velocities[14][3]);
    }
    /// Sixteen bars that only repeat their theme must be that theme on every grid, a crash on one must stay there, and
    /// a roll over the last beat must fill the last beat.
    #[test]
    fn a_phrase_is_grown_on_every_grid() {
        let pieces = PieceMap::of(&Kit::DEFAULT);
        let rng = CounterRng { seed: 1, take: 0 };
        for grid in Grid::ALL {
            let every: Vec<u16> =
                (0..grid.steps()).map(|step| [0b1_0001, 0b10, 0b1_0000][step % 3]).collect();
            let beat = Take { onsets: Pattern::new(every).expect("drums"), ..Take::EMPTY };
            let reading = GridReading::of(grid);
            let theme = reading.theme(&beat.onsets, &pieces);
            let mut steps: [u16; PHRASE_STEPS] = std::array::from_fn(|step| theme[step % TWO_BARS]);
            let plans = [BarPlan::default(); PHRASE_BARS];
            for take in takes(&Phrase { steps, plans }, &beat, &pieces, &rng, &reading) {
                assert_eq!(take.onsets, beat.onsets);
            }
            let last_beat = TWO_BARS - Grid::FOUR_FOUR.beat_steps();
            steps[0] |= 1 << 7;
            steps[last_beat..TWO_BARS].fill(1 << 5);
            let played = takes(&Phrase { steps, plans }, &beat, &pieces, &rng, &reading)[0].onsets;
            let last_beat = grid.steps() - grid.beat_steps();
            assert!(played.has(0, 9), "the crash");
            assert!((last_beat..grid.steps()).all(|step| played.step(step) == 1 << 7), "{played:?}");
            assert!((1..last_beat).all(|step| played.step(step) == beat.onsets.step(step)));
        }
    }
}

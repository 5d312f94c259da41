//! A phrase as the eight takes of a bank, orchestrated for a kit.

use beat::{BANK_TAKES, INSTRUMENTS, PIECES, Pattern, PieceMap, STEPS, STEPS_PER_BAR, Take};

use super::Phrase;
use super::plan::{HALF, PlanContext};
use crate::draw::velocity;
use crate::{CounterRng, RngStream};

/// A hit that a phrase adds to its beat gets the velocity of an onset with this probability, so that it is no
/// ghost note.
const ADDED_HIT_PROBABILITY: f32 = 0.8;

/// The phrase played by a kit: take `k` is its bars `2k` and `2k + 1`.
///
/// `beat` is the take that it develops. Hits copied from a reference keep its instruments; a new hit is played
/// by the instrument that the beat uses most for that piece, else by the kit's first. Velocities are those of
/// the beat; those of new hits follow the metre.
pub(crate) fn takes(phrase: &Phrase, beat: &Take, pieces: &PieceMap, rng: &CounterRng) -> [Take; BANK_TAKES] {
    let preferred: [u16; PIECES] =
        std::array::from_fn(|piece| preferred_instrument(&beat.onsets, pieces.instruments(piece)));
    let mut played: Vec<u16> = Vec::with_capacity(phrase.steps.len());
    for (step, class) in phrase.steps.iter().enumerate() {
        let bar = step / STEPS_PER_BAR;
        let half = step % STEPS_PER_BAR / HALF;
        let reference = phrase.plans[bar].half(half).reference;
        let source = match PlanContext::bars_back(reference) {
            None => beat.onsets.steps()[step % STEPS],
            // The planner only chooses references that exist.
            Some(bars) => step.checked_sub(bars * STEPS_PER_BAR).map_or(0, |from| played[from]),
        };
        played.push(orchestrate(*class, source, pieces, &preferred));
    }
    std::array::from_fn(|take| {
        let steps = std::array::from_fn(|step| played[take * STEPS + step]);
        // Only the bits of the 14 instruments were set.
        let onsets = Pattern::new(steps).unwrap_or_default();
        Take { onsets, velocities: added_velocities(&onsets, beat, rng, take), ..*beat }
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
    let hits = |instrument: &usize| (0..STEPS).filter(|step| beat.has(*step, *instrument)).count();
    let most = (0..INSTRUMENTS).rev().filter(|instrument| players >> instrument & 1 == 1).max_by_key(hits);
    most.map_or(0, |instrument| 1 << instrument)
}

/// The velocity of each cell: the beat's where it has a hit, else that of an added hit.
pub(crate) fn added_velocities(
    onsets: &Pattern,
    beat: &Take,
    rng: &CounterRng,
    take: usize,
) -> [[u8; INSTRUMENTS]; STEPS] {
    let mut velocities = beat.velocities;
    for (step, row) in velocities.iter_mut().enumerate() {
        for (instrument, hit) in row.iter_mut().enumerate() {
            if onsets.has(step, instrument) && !beat.onsets.has(step, instrument) {
                let cell = (take * STEPS + step) * INSTRUMENTS + instrument;
                *hit = velocity(ADDED_HIT_PROBABILITY, step, rng.uniform(cell, RngStream::Velocity));
            }
        }
    }
    velocities
}

#[cfg(test)]
mod tests {
    use beat::Kit;

    use super::super::plan::{BarPlan, PHRASE_BARS, PHRASE_STEPS};
    use super::*;

    #[test]
    fn copied_hits_keep_their_instruments_and_new_hits_use_those_of_the_beat() {
        let pieces = PieceMap::of(&Kit::DEFAULT);
        let clap = Pattern::EMPTY.with(4, 3).with(12, 3).with(0, 0);
        let mut beat = Take { onsets: clap, ..Take::EMPTY };
        beat.velocities[4][3] = 9;
        let theme = beat.onsets.steps().map(|step| pieces.class(step));
        let mut steps: [u16; PHRASE_STEPS] = std::array::from_fn(|step| theme[step % STEPS]);
        steps[14] |= 1 << 1; // one more snare; below, a crash
        steps[32] |= 1 << 7;
        let plans = [BarPlan::default(); PHRASE_BARS];
        let rng = CounterRng { seed: 1, take: 0 };
        let takes = takes(&Phrase { steps, plans }, &beat, &pieces, &rng);
        assert_eq!(takes[0].onsets, clap.with(14, 3));
        assert_eq!(takes[1].onsets, clap.with(0, 9));
        assert_eq!((takes[0].velocities[4][3], takes[2].onsets), (9, clap));
        assert!(takes[0].velocities[14][3] > 60, "{}", takes[0].velocities[14][3]);
    }
}

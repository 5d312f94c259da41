//! A phrase as the eight takes of a bank, played by a kit.

use beat::{BANK_TAKES, INSTRUMENTS, PIECES, Pattern, PieceMap, STEPS, STEPS_PER_BAR, Take};

use super::model::Phrase;
use super::plan::{Before, HALF};
use crate::velocity::velocity;
use crate::{Dice, Stream};

/// How sure a hit counts that the phrase adds to its beat: it is meant, no ghost.
const MEANT: f32 = 0.8;

/// The phrase in the pieces of a kit: take `k` is its bars `2k` and `2k + 1`.
///
/// `beat` is the take that it grew from. What goes back to that, or to other bars, keeps its instruments;
/// what a bar adds is played by the instrument that the beat plays that piece with, else by the kit's first.
/// Its velocities are those of the beat, and those of what a bar adds follow metre.
pub(crate) fn takes(phrase: &Phrase, beat: &Take, pieces: &PieceMap, dice: &Dice) -> [Take; BANK_TAKES] {
    let favourites: [u16; PIECES] =
        std::array::from_fn(|piece| favourite(&beat.onsets, pieces.instruments(piece)));
    let mut played: Vec<u16> = Vec::with_capacity(phrase.steps.len());
    for (step, class) in phrase.steps.iter().enumerate() {
        let bar = step / STEPS_PER_BAR;
        let half = step % STEPS_PER_BAR / HALF;
        let base = phrase.plans[bar].half(half).base;
        let source = match Before::bars_back(base) {
            None => beat.onsets.steps()[step % STEPS],
            // The planner only goes back to what there is.
            Some(bars) => step.checked_sub(bars * STEPS_PER_BAR).map_or(0, |from| played[from]),
        };
        played.push(voiced(*class, source, pieces, &favourites));
    }
    std::array::from_fn(|take| {
        let steps = std::array::from_fn(|step| played[take * STEPS + step]);
        // Only the bits of the 14 instruments were set.
        let onsets = Pattern::new(steps).unwrap_or_default();
        Take { onsets, velocities: touched(&onsets, beat, dice, take), ..*beat }
    })
}

/// The instruments that play a class: of `source` those whose piece still sounds, and the favourite of every
/// piece that is new.
fn voiced(class: u16, source: u16, pieces: &PieceMap, favourites: &[u16; PIECES]) -> u16 {
    (0..PIECES).filter(|piece| class >> piece & 1 == 1).fold(0, |step, piece| {
        let kept = source & pieces.instruments(piece);
        step | if kept == 0 { favourites[piece] } else { kept }
    })
}

/// The one of `players` that a beat hits most, the first of several; none where there are none.
fn favourite(beat: &Pattern, players: u16) -> u16 {
    let hits = |instrument: &usize| (0..STEPS).filter(|step| beat.has(*step, *instrument)).count();
    let most = (0..INSTRUMENTS).rev().filter(|instrument| players >> instrument & 1 == 1).max_by_key(hits);
    most.map_or(0, |instrument| 1 << instrument)
}

/// How hard each cell is hit: as in the beat where that has a hit, else as a hit that is meant.
pub(crate) fn touched(onsets: &Pattern, beat: &Take, dice: &Dice, take: usize) -> [[u8; INSTRUMENTS]; STEPS] {
    let mut velocities = beat.velocities;
    for (step, row) in velocities.iter_mut().enumerate() {
        for (instrument, hit) in row.iter_mut().enumerate() {
            if onsets.has(step, instrument) && !beat.onsets.has(step, instrument) {
                let cell = (take * STEPS + step) * INSTRUMENTS + instrument;
                *hit = velocity(MEANT, step, dice.throw(cell, Stream::Velocity));
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
    fn what_comes_back_keeps_its_instruments_and_what_is_new_is_played_as_the_beat_plays_it() {
        let pieces = PieceMap::of(&Kit::DEFAULT);
        let clap = Pattern::EMPTY.with(4, 3).with(12, 3).with(0, 0);
        let mut beat = Take { onsets: clap, ..Take::EMPTY };
        beat.velocities[4][3] = 9;
        let home = beat.onsets.steps().map(|step| pieces.class(step));
        let mut steps: [u16; PHRASE_STEPS] = std::array::from_fn(|step| home[step % STEPS]);
        steps[14] |= 1 << 1; // a snare more, and a crash where the kit has one
        steps[32] |= 1 << 7;
        let plans = [BarPlan::default(); PHRASE_BARS];
        let dice = Dice { seed: 1, take: 0 };
        let takes = takes(&Phrase { steps, plans }, &beat, &pieces, &dice);
        assert_eq!(takes[0].onsets, clap.with(14, 3));
        assert_eq!(takes[1].onsets, clap.with(0, 9));
        assert_eq!((takes[0].velocities[4][3], takes[2].onsets), (9, clap));
        assert!(takes[0].velocities[14][3] > 60, "{}", takes[0].velocities[14][3]);
    }
}

//! The MIDI velocity of an onset, from its probability and its position in the bar.

use beat::STEPS_PER_BAR;

/// The metrical weight of each sixteenth of a 4/4 bar, 0..=1: highest on beat one, then beat three, the other
/// beats, the eighths between them, the sixteenths between those.
const METRE: [f32; STEPS_PER_BAR] =
    [1.0, 0.1, 0.45, 0.15, 0.85, 0.1, 0.45, 0.2, 0.92, 0.1, 0.45, 0.15, 0.85, 0.1, 0.5, 0.25];

/// The MIDI velocity 1..=127 of an onset on `step` (0..32) that the model gives `probability` (0..=1).
/// An unlikely hit off the beat is a ghost note; a likely one on the beat an accent. `uniform` (0..1) varies
/// it by up to four either way.
pub(crate) fn velocity(probability: f32, step: usize, uniform: f32) -> u8 {
    let metre = METRE[step % STEPS_PER_BAR];
    let velocity = 30.0 + 46.0 * probability + 44.0 * metre + 8.0 * (uniform - 0.5);
    // NaN is cast to 0, and clamped to 1.
    (velocity.round() as u8).clamp(1, 127)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_accents_and_unlikely_hits_between_them_ghost_notes() {
        for uniform in [0.0, 0.5, 0.999] {
            assert!(velocity(0.95, 0, uniform) > 105);
            assert!(velocity(0.95, 20, uniform) > 100);
            assert!(velocity(0.1, 5, uniform) < 50);
            assert!(velocity(0.95, 2, uniform) < velocity(0.95, 4, uniform));
        }
    }

    #[test]
    fn a_velocity_is_in_the_range_of_midi_for_every_input() {
        for probability in [0.0, 1.0, f32::NAN, f32::INFINITY, -1e9] {
            for step in 0..32 {
                assert!((1..=127).contains(&velocity(probability, step, 0.999)));
            }
        }
    }
}

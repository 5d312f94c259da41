//! The end of the kit's signal path: what is loud is bent, never cut.

use libm::tanhf;

/// Up to here a sample leaves as it came.
const KNEE: f32 = 0.7;
/// No sample leaves louder.
const CEILING: f32 = 0.98;

/// Bends what is above the knee, so that nothing is above the ceiling.
pub(crate) fn limit(sample: f32) -> f32 {
    const ROOM: f32 = CEILING - KNEE;
    let loud = sample.abs();
    if loud <= KNEE { sample } else { (KNEE + ROOM * tanhf((loud - KNEE) / ROOM)).copysign(sample) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_is_untouched_loud_is_bent_and_nothing_is_above_the_ceiling() {
        assert_eq!(limit(-0.69), -0.69);
        let mut before = 0.0;
        for step in 0..10_000 {
            let now = limit(step as f32 / 1_000.0);
            assert!((before..=CEILING).contains(&now) && now - before <= 0.001_001, "{before} then {now}");
            assert_eq!(limit(-(step as f32) / 1_000.0), -now);
            before = now;
        }
    }
}

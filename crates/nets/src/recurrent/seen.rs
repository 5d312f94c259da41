//! What a recurrent model hears at each step: the step before, the place in the bar, and what stood at
//! its lags.

use beat::{PIECES, STEPS_PER_BAR};

/// How many inputs there are with these lags.
pub(super) fn inputs(lags: &[usize]) -> usize {
    (1 + lags.len()) * PIECES + STEPS_PER_BAR
}

/// Calls `on` with each input that is 1, for the step behind `past`: the classes of all steps so far, from
/// the first step of a bar on.
pub(super) fn hears(lags: &[usize], past: &[u16], mut on: impl FnMut(usize)) {
    let now = past.len();
    on(now % STEPS_PER_BAR);
    for (place, lag) in [1].iter().chain(lags).enumerate() {
        let class = now.checked_sub(*lag).map_or(0, |step| past[step]);
        let from = STEPS_PER_BAR + place * PIECES;
        (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(|piece| on(from + piece));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_hears_its_place_the_step_before_and_its_lags() {
        let mut past = vec![0; 40];
        (past[39], past[8]) = (0b11, 0b1_0000_0000);
        let mut heard = Vec::new();
        hears(&[16, 32], &past, |input| heard.push(input));
        assert_eq!(heard, [8, 16, 17, 16 + 2 * 9 + 8]);
        assert!(heard.iter().all(|input| *input < inputs(&[16, 32])));
        heard.clear();
        hears(&[16, 32], &[], |input| heard.push(input));
        assert_eq!(heard, [0]);
    }
}

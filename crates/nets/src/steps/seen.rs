//! What the step model sees of the past, as a list of the inputs that are on.

use std::ops::RangeInclusive;

use beat::{PIECES, STEPS_PER_BAR};

/// How many of the last steps it sees whole.
const RECENT: usize = STEPS_PER_BAR;
/// The places that it looks back to, in steps: one, two, four and eight bars.
pub const LAGS: [usize; 4] = [16, 32, 64, 128];
/// What it sees around each of them, in steps from there: what came before and what followed.
const AROUND: RangeInclusive<isize> = -2..=2;
const AROUND_STEPS: usize = 5;

const LAGGED_FROM: usize = RECENT * PIECES;
const THERE_FROM: usize = LAGGED_FROM + LAGS.len() * AROUND_STEPS * PIECES;
const POSITION_FROM: usize = THERE_FROM + LAGS.len();
/// How many inputs the step model has: the last 16 steps by piece, five steps around each lag by piece,
/// whether the song reaches back to each lag, and the place in the bar.
pub const STEP_SEEN: usize = POSITION_FROM + STEPS_PER_BAR;

/// Calls `on` with each input that is 1, for the step behind `past`: the classes of all steps so far, from
/// the first step of a bar on. `hidden` says which lags are not to be seen, 0..=3; training hides some.
pub fn see(past: &[u16], hidden: impl Fn(usize) -> bool, mut on: impl FnMut(usize)) {
    let now = past.len();
    let hits = |from: usize, step: Option<&u16>, on: &mut dyn FnMut(usize)| {
        let class = step.copied().unwrap_or(0);
        (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(|piece| on(from + piece));
    };
    for back in 1..=RECENT.min(now) {
        hits((back - 1) * PIECES, past.get(now - back), &mut on);
    }
    for (index, lag) in LAGS.iter().enumerate().filter(|(index, lag)| **lag <= now && !hidden(*index)) {
        for (place, offset) in AROUND.enumerate() {
            let step = (now - lag).checked_add_signed(offset);
            let from = LAGGED_FROM + (index * AROUND_STEPS + place) * PIECES;
            hits(from, step.and_then(|step| past.get(step)), &mut on);
        }
        on(THERE_FROM + index);
    }
    on(POSITION_FROM + now % STEPS_PER_BAR);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(past: &[u16]) -> Vec<usize> {
        let mut seen = Vec::new();
        see(past, |_| false, |input| seen.push(input));
        seen
    }

    #[test]
    fn the_first_step_sees_nothing_but_its_place() {
        assert_eq!(seen(&[]), [POSITION_FROM]);
        assert_eq!(seen(&[0; 17]), [THERE_FROM, POSITION_FROM + 1]);
    }

    #[test]
    fn what_followed_a_bar_ago_is_seen_beside_the_last_bar() {
        let mut past = [0; 20];
        past[5] = 0b10; // a snare 15 steps ago, one step behind the place a bar ago
        assert_eq!(
            seen(&past),
            [14 * PIECES + 1, LAGGED_FROM + 3 * PIECES + 1, THERE_FROM, POSITION_FROM + 4]
        );
    }

    #[test]
    fn every_input_is_there_and_hiding_a_lag_hides_it_whole() {
        let past = vec![0b1_1111_1111; 160];
        let all = seen(&past);
        assert!(all.iter().all(|input| *input < STEP_SEEN));
        let mut without = Vec::new();
        see(&past, |lag| lag == 2, |input| without.push(input));
        assert_eq!(all.len() - without.len(), AROUND_STEPS * PIECES + 1);
    }
}

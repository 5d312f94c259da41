//! Sixteen-bar phrases cut out of songs where their groups of four bars begin.

use beat::STEPS_PER_BAR;
use nets::{PHRASE_BARS, PHRASE_STEPS, theme};

/// The class bit of the crash.
const CRASH: u16 = 1 << 7;
/// Bars of a group; phrases begin with one.
const GROUP: usize = 4;
/// Sixteen bars with more silent ones than this are no phrase but the end of a song, or a rest.
const MOST_SILENT: usize = 4;
/// A theme with fewer hits than this is no beat.
const LEAST_HITS: u32 = 4;

/// The bar 0..4 at which the four-bar groups of a song begin: the one with most crashes on one, since
/// that is where drummers put them; the first of several.
pub(crate) fn phase(song: &[u16]) -> usize {
    let mut crashes = [0; GROUP];
    for (bar, step) in song.iter().step_by(STEPS_PER_BAR).enumerate() {
        crashes[bar % GROUP] += usize::from(step & CRASH != 0);
    }
    (0..GROUP).rev().max_by_key(|bar| crashes[*bar]).unwrap_or(0)
}

/// The phrases of a song, one at each of its four-bar groups, as the steps at which they begin.
pub(crate) fn phrase_starts(song: &[u16]) -> impl Iterator<Item = usize> {
    let groups = (phase(song) * STEPS_PER_BAR..song.len()).step_by(GROUP * STEPS_PER_BAR);
    groups.filter(|start| phrase_at(song, *start).is_some_and(|phrase| is_phrase(phrase)))
}

/// The sixteen bars from step `start` on, where there are so many.
pub(crate) fn phrase_at(song: &[u16], start: usize) -> Option<&[u16; PHRASE_STEPS]> {
    song.get(start..)?.first_chunk()
}

/// Whether sixteen bars or more play enough to be a phrase.
pub(crate) fn is_phrase(steps: &[u16]) -> bool {
    let Some(phrase) = steps.first_chunk::<PHRASE_STEPS>() else { return false };
    let (bars, _) = steps.as_chunks::<STEPS_PER_BAR>();
    let silent = bars.iter().filter(|bar| bar.iter().all(|step| *step == 0)).count();
    let hits: u32 = theme(phrase).iter().map(|step| step.count_ones()).sum();
    silent * PHRASE_BARS <= MOST_SILENT * bars.len() && hits >= LEAST_HITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_begin_at_crashes() {
        let mut song = vec![1; 40 * STEPS_PER_BAR];
        for bar in [2, 6, 14] {
            song[bar * STEPS_PER_BAR] |= CRASH;
        }
        assert_eq!(phase(&song), 2);
        let starts: Vec<_> = phrase_starts(&song).map(|start| start / STEPS_PER_BAR).collect();
        assert_eq!(starts, [2, 6, 10, 14, 18, 22]);
    }

    #[test]
    fn sixteen_bars_with_a_long_rest_are_no_phrase() {
        let mut song = vec![1; 16 * STEPS_PER_BAR];
        assert_eq!(phrase_starts(&song).count(), 1);
        song[8 * STEPS_PER_BAR..13 * STEPS_PER_BAR].fill(0);
        assert_eq!(phrase_starts(&song).count(), 0);
        assert_eq!((phase(&[]), phrase_starts(&[]).count()), (0, 0));
    }
}

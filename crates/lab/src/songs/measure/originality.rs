//! How far a phrase is from what the model learnt from.

use rayon::prelude::*;
use serde::Serialize;

use super::bars::{differing, hits};

/// More phrases than this are not looked up: each is held against every phrase to learn from.
const LOOKED_UP: usize = 500;
/// Steps that are compared before it is asked whether the phrase is already too far away.
const AT_ONCE: usize = 32;

/// How original a set of phrases is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Originality {
    /// How many phrases were looked up: the first 500.
    pub(crate) count: usize,
    /// Mean distance to the nearest phrase of the songs to learn from: the hits that only one of both has,
    /// over the hits of both. 0 is a copy.
    pub(crate) distance: f64,
    /// Phrases that differ from it in at most one hit a bar.
    pub(crate) near: f64,
}

/// Phrases to compare with, sorted by their hits: the difference in hits is the least that two can differ.
pub(crate) struct Learnt(Vec<(u32, Vec<u16>)>);

impl Learnt {
    /// These phrases.
    pub(crate) fn of(phrases: &[Vec<u16>]) -> Self {
        let mut sorted: Vec<_> = phrases.par_iter().map(|phrase| (hits(phrase), phrase.clone())).collect();
        sorted.par_sort_unstable();
        sorted.dedup();
        Self(sorted)
    }

    /// In how many cells the nearest differs, and its hits. `None` where there is none.
    fn nearest(&self, phrase: &[u16]) -> Option<(u32, u32)> {
        let own = hits(phrase);
        let middle = self.0.partition_point(|(hits, _)| *hits < own);
        let (mut below, mut above) =
            (self.0[..middle].iter().rev().peekable(), self.0[middle..].iter().peekable());
        let mut best: Option<(u32, u32)> = None;
        loop {
            let gap =
                |other: Option<&&(u32, Vec<u16>)>| other.map_or(u32::MAX, |(hits, _)| hits.abs_diff(own));
            let (down, up) = (gap(below.peek()), gap(above.peek()));
            let least = down.min(up);
            if least == u32::MAX || best.is_some_and(|best| least >= best.0) {
                return best;
            }
            let next = if down < up { below.next() } else { above.next() };
            if let Some((hits, other)) = next {
                let limit = best.map_or(u32::MAX, |best| best.0);
                if let Some(far) = within(phrase, other, limit) {
                    best = Some((far, *hits));
                }
            }
        }
    }
}

/// In how many cells both differ, where that is less than `limit`.
fn within(a: &[u16], b: &[u16], limit: u32) -> Option<u32> {
    let mut far = 0;
    for (a, b) in a.chunks(AT_ONCE).zip(b.chunks(AT_ONCE)) {
        far += differing(a, b);
        if far >= limit {
            return None;
        }
    }
    Some(far)
}

/// Looks phrases up among those of the songs to learn from.
pub(crate) fn originality(phrases: &[Vec<u16>], learnt: &Learnt) -> Originality {
    let looked_up = &phrases[..phrases.len().min(LOOKED_UP)];
    let each: Vec<(f64, bool)> = looked_up
        .par_iter()
        .filter_map(|phrase| {
            let (far, others) = learnt.nearest(phrase)?;
            let both = f64::from((hits(phrase) + others).max(1));
            Some((f64::from(far) / both, far as usize <= phrase.len() / beat::STEPS_PER_BAR))
        })
        .collect();
    let count = each.len().max(1) as f64;
    Originality {
        count: each.len(),
        distance: each.iter().map(|(far, _)| far).sum::<f64>() / count,
        near: each.iter().filter(|(_, near)| *near).count() as f64 / count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Dice, Purpose};

    #[test]
    fn the_nearest_is_the_one_that_a_plain_search_finds() {
        let mut dice = Dice::new(2, Purpose::Control, 0);
        let mut phrases = |count| -> Vec<Vec<u16>> {
            (0..count).map(|_| (0..64).map(|_| dice.below(8) as u16).collect()).collect()
        };
        let (learnt, asked) = (phrases(80), phrases(20));
        let nearest = Learnt::of(&learnt);
        for phrase in &asked {
            let plain = learnt.iter().map(|other| differing(phrase, other)).min();
            assert_eq!(nearest.nearest(phrase).map(|found| found.0), plain);
        }
        let copied = originality(&learnt, &nearest);
        assert_eq!((copied.count, copied.distance, copied.near), (80, 0.0, 1.0));
        assert!(originality(&asked, &nearest).distance > 0.2);
        assert_eq!(originality(&asked, &Learnt::of(&[])).count, 0);
    }
}

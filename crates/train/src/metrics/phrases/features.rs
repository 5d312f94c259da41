//! Features of a phrase for the boosting critic.

use beat::PIECES;
use nets::ONE_BAR;
use nets::{HALF, PHRASE_BARS, begins_with_crash, hamming};

use super::bars::{Bar, TOMS, bars, fills, first_same, hits, hits_of};
use super::statistics::REPEATS;

/// The features of a phrase of sixteen bars, the same number for each, in a fixed order. A shorter phrase is padded with
/// silence, a longer one is cut.
pub(crate) fn features(phrase: &[u16]) -> Vec<f32> {
    let mut whole = [[0; ONE_BAR]; PHRASE_BARS];
    whole.iter_mut().zip(bars(phrase)).for_each(|(bar, given)| *bar = *given);
    let mut features = Vec::new();
    positions(&whole, &mut features);
    density(&whole, &mut features);
    differences(&whole, &mut features);
    form(&whole, &mut features);
    features
}

/// Hits by piece, by step of the bar, and by both, summed over all bars.
fn positions(bars: &[Bar; PHRASE_BARS], features: &mut Vec<f32>) {
    let mut hits = [[0.0; ONE_BAR]; PIECES];
    for bar in bars {
        for (step, class) in bar.iter().enumerate() {
            for (piece, steps) in hits.iter_mut().enumerate() {
                steps[step] += f32::from(class >> piece & 1);
            }
        }
    }
    features.extend(hits.iter().map(|steps| steps.iter().sum::<f32>()));
    features.extend((0..ONE_BAR).map(|step| hits.iter().map(|steps| steps[step]).sum::<f32>()));
    features.extend(hits.iter().flatten());
}

/// Hits bar by bar: all, those of toms, crashes on one and fills.
fn density(bars: &[Bar; PHRASE_BARS], features: &mut Vec<f32>) {
    let flag = |is: bool| f32::from(u8::from(is));
    features.extend(bars.iter().map(|bar| hits(bar) as f32));
    features.extend(bars.iter().map(|bar| hits_of(bar, TOMS) as f32));
    features.extend(bars.iter().map(|bar| flag(begins_with_crash(bar))));
    let fills = fills(bars);
    features.extend(fills.iter().map(|fill| flag(*fill)));
    let crashes_after_fills =
        (1..PHRASE_BARS).filter(|bar| fills[bar - 1] && begins_with_crash(&bars[*bar])).count();
    features.push(fills.iter().filter(|fill| **fill).count() as f32);
    features.push(bars.iter().filter(|bar| begins_with_crash(*bar)).count() as f32);
    features.push(crashes_after_fills as f32);
}

/// For each half of a bar the hits that differ from 1, 2, 4 and 8 bars before; and their sums.
fn differences(bars: &[Bar; PHRASE_BARS], features: &mut Vec<f32>) {
    for lag in REPEATS {
        let halves = (lag..PHRASE_BARS).flat_map(|bar| [(bar, 0..HALF), (bar, HALF..ONE_BAR)]);
        let differences: Vec<f32> = halves
            .map(|(bar, half)| hamming(&bars[bar][half.clone()], &bars[bar - lag][half]) as f32)
            .collect();
        features.push(differences.iter().sum());
        features.push(differences.iter().filter(|difference| **difference == 0.0).count() as f32);
        features.push(differences.iter().copied().fold(0.0, f32::max));
        features.extend(differences);
    }
}

/// Which bars are equal, and the numbers of distinct bars, first halves, second halves and steps.
fn form(bars: &[Bar; PHRASE_BARS], features: &mut Vec<f32>) {
    let same = first_same(bars);
    features.extend(same.iter().map(|first| *first as f32));
    features.push(same.iter().enumerate().filter(|(bar, first)| bar == *first).count() as f32);
    for from in [0, HALF] {
        let mut halves: Vec<&[u16]> = bars.iter().map(|bar| &bar[from..from + HALF]).collect();
        halves.sort_unstable();
        halves.dedup();
        features.push(halves.len() as f32);
    }
    let mut classes: Vec<u16> = bars.concat();
    classes.sort_unstable();
    classes.dedup();
    features.push(classes.len() as f32);
    for lag in REPEATS {
        features.push((lag..PHRASE_BARS).filter(|bar| bars[*bar] == bars[bar - lag]).count() as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::*;

    #[test]
    fn every_phrase_has_the_same_number_of_features_and_another_bar_changes_them() {
        let looped = [rock(); 16].concat();
        let mut varied = looped.clone();
        varied[240..].copy_from_slice(&roll());
        let [one, other, none] = [&looped, &varied, &Vec::new()].map(|phrase| features(phrase));
        assert!(one.len() == other.len() && other.len() == none.len() && one != other);
        assert!([one, other, none].iter().flatten().all(|number| number.is_finite()));
    }
}

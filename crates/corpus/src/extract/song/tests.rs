use proptest::prelude::*;

use super::*;
use crate::grid::{GridRule, GridSelection, Metres};
use crate::midi::{Hit, Part, TimeSignature};
use crate::notes::NoteTable;

/// A part with these hits (sixteenth, note, velocity).
fn part(hits: &[(f64, u8, u8)], length_steps: f64) -> Part {
    let mut hits: Vec<Hit> =
        hits.iter().map(|&(step, note, velocity)| Hit { step, note, velocity }).collect();
    hits.sort_by(|a, b| a.step.total_cmp(&b.step));
    Part { hits, length_steps, ..Part::default() }
}

fn song(part: Part, grids: &GridSelection) -> QuantisedSong {
    QuantisedSong::on_grids(&[part], NoteTable::Gm, grids).unwrap()
}

/// The velocities and offsets of a kick on every beat, of which each list is one pass of two bars.
fn medians(passes: &[[(u8, f64); 8]]) -> (usize, Vec<u8>, Vec<i8>) {
    let hit = |pass: usize, beat: usize| {
        let (velocity, late) = passes[pass][beat];
        ((pass * 32 + beat * 4) as f64 + late, 36, velocity)
    };
    let hits: Vec<_> = (0..passes.len()).flat_map(|pass| (0..8).map(move |beat| hit(pass, beat))).collect();
    let song = song(part(&hits, 0.0), &GridSelection::default());
    let found = patterns_of(&song.passages, Keep::Recurring);
    let played = median_of(&song.passages, &found[0]);
    (played.occurrences, played.velocities, played.offsets)
}

#[test]
fn a_pattern_has_the_median_velocity_and_offset_of_its_occurrences() {
    let plain = [(100, 0.0); 8];
    let changed = |beat: usize, velocity, late| {
        let mut pass = plain;
        pass[beat] = (velocity, late);
        pass
    };
    let (occurrences, velocities, offsets) =
        medians(&[changed(1, 60, 0.1), changed(1, 80, -0.04), changed(1, 127, 0.2)]);
    assert_eq!(occurrences, 3);
    assert_eq!(velocities, [100, 80, 100, 100, 100, 100, 100, 100]);
    assert_eq!(offsets, [0, 10, 0, 0, 0, 0, 0, 0]);
    let (occurrences, velocities, offsets) =
        medians(&[changed(7, 60, -0.1), plain, changed(7, 65, -0.05), changed(7, 20, -0.4)]);
    assert_eq!((occurrences, velocities[7], offsets[7]), (4, 63, -8), "the mean of the two in the middle");
}

#[test]
fn a_majority_has_the_medians_of_those_who_play_it() {
    let mut hits: Vec<(f64, u8, u8)> = (0..24).map(|beat| (f64::from(beat) * 4.0, 36, 100)).collect();
    hits.extend([(2.0, 38, 40), (34.0, 38, 60), (70.0, 42, 90)]);
    let song = song(part(&hits, 0.0), &GridSelection::default());
    let found = patterns_of(&song.passages, Keep::Majority);
    let played = median_of(&song.passages, &found[0]);
    assert_eq!((played.velocities.len(), played.velocities[1]), (9, 50), "{played:?}");
    let (_, counts) = recurring(&song, Keep::Majority, Feel::None);
    assert_eq!(counts.accounted(), 27);
}

#[test]
fn every_window_of_a_performance_is_taken_as_it_was_played() {
    let hits = [(0.1, 36, 90), (16.0, 38, 30), (31.9, 36, 127), (32.0, 42, 5)];
    let performance = Performance {
        song: "groove/test/1".into(),
        genre: "funk".into(),
        style: "funk/one".into(),
        player: "drummer1".into(),
        beat_type: "beat".into(),
        bpm: Some(100.0),
    };
    let song = song(part(&hits, 48.0), &GridSelection::default());
    let (found, counts) = performed(&song, Some(&performance));
    let played: Vec<&Played> = found.windows.iter().filter_map(|window| window.played.as_ref()).collect();
    assert_eq!(played[0].velocities, [90, 30]);
    assert_eq!(played[0].offsets, [10, 0]);
    assert_eq!(played[1].velocities, [30, 127, 5]);
    assert_eq!(played[1].offsets, [0, -10, 0]);
    let beats: Vec<f64> =
        played.iter().filter_map(|played| Some(played.performance.as_ref()?.beats)).collect();
    assert_eq!((beats, played[0].tempo, counts.in_patterns), (vec![0.0, 4.0], 100.0, 4));
    // A tenth of a step of 150 ms, twice in four onsets.
    assert_eq!((found.offsets.onsets, found.offsets.sum_ms), (4, 30.0));
}

#[test]
fn the_hits_of_two_bars_that_recur_are_in_a_pattern_and_the_others_say_why() {
    let beat = [(0, 36), (2, 42), (4, 38), (6, 42), (8, 36), (10, 42), (12, 38), (13, 36)];
    let bar = |bar: i32| beat.map(|(step, note)| (f64::from(bar * 16 + step), note, 90));
    let mut hits: Vec<_> = (0..6).flat_map(bar).collect();
    hits.extend([(96.0, 36, 90), (97.0, 5, 90), (0.1, 36, 20), (200.0, 36, 90)]);
    let song = song(part(&hits, 200.0), &GridSelection::default());
    let (found, counts) = recurring(&song, Keep::Recurring, Feel::None);
    assert_eq!((found.patterns.len(), counts.in_patterns), (1, 48));
    let of = |remainder| counts.remainders.hits(remainder);
    assert_eq!(
        [Remainder::NotRecurring, Remainder::NoDrum, Remainder::Flam, Remainder::ShortPassage].map(of),
        [1, 1, 1, 1]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Hits in patterns and those of all remainders are the hits that there are, whatever the song.
    #[test]
    fn every_hit_is_accounted_for(
        loops in proptest::collection::vec((0_u32..1200, 30_u8..60, 1_u8..128), 0..40),
        times in 1_u32..6,
        others in proptest::collection::vec((0_u32..20_000, any::<u8>(), 1_u8..128), 0..60),
        signatures in proptest::collection::vec((0_u32..400, 0_u8..14, 0_u8..6), 0..5),
        length in 0_u32..1000,
        rule in prop::sample::select(vec![GridRule::Auto, GridRule::Sixteenths, GridRule::Triplets]),
        all_metres in any::<bool>(),
    ) {
        // Places are in twelfths of a sixteenth, loops two bars long.
        let mut hits: Vec<_> = others.iter().map(|&(at, note, v)| (f64::from(at) / 12.0, note & 127, v)).collect();
        for pass in 0..times {
            hits.extend(loops.iter().map(|&(at, note, v)| (f64::from(pass * 384 + at % 384) / 12.0, note, v)));
        }
        let mut part = part(&hits, f64::from(length));
        part.time_signatures = signatures
            .iter()
            .map(|&(step, beats, unit_log2)| TimeSignature { step: f64::from(step), beats, unit_log2 })
            .collect();
        part.time_signatures.sort_by(|a, b| a.step.total_cmp(&b.step));
        let metres = if all_metres { Metres::All } else { GridSelection::default().metres };
        let song = song(part, &GridSelection { rule, metres });
        for keep in [Keep::InARow, Keep::Recurring, Keep::Majority, Keep::Every] {
            let (found, counts) = recurring(&song, keep, Feel::Medians);
            prop_assert_eq!((counts.read, counts.accounted()), (hits.len(), hits.len()));
            for pattern in found.patterns {
                let played = pattern.played.unwrap();
                let onsets = pattern.steps.iter().map(|step| step.count_ones() as usize).sum::<usize>();
                prop_assert_eq!((played.velocities.len(), played.offsets.len()), (onsets, onsets));
                prop_assert!(played.velocities.iter().all(|velocity| (1..128).contains(velocity)));
            }
        }
        for (_, counts) in [consecutive(&song, 2), performed(&song, None)] {
            prop_assert_eq!((counts.read, counts.accounted()), (hits.len(), hits.len()));
        }
    }
}

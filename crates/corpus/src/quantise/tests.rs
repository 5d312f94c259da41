use super::*;
use crate::grid::{GridRule, Metres};
use crate::midi::read_parts;
use crate::midi::tests::{TICKS_PER_STEP, TrackBytes, file, song};

const BAR: u64 = 16 * TICKS_PER_STEP;

fn grid(bytes: &[u8]) -> QuantisedSong {
    QuantisedSong::of(&read_parts(bytes).unwrap(), NoteTable::Gm).unwrap()
}

/// Checks the bars of every passage, one character a step: `k` kick, `s` snare, `.` nothing.
fn check(bytes: &[u8], passages: &[&str]) {
    let found: Vec<String> = grid(bytes).passages.iter().map(|passage| tab(&passage.steps)).collect();
    assert_eq!(found, passages);
}

fn tab(steps: &[u16]) -> String {
    let letter = |step: &u16| match step {
        0 => '.',
        1 => 'k',
        2 => 's',
        _ => '?',
    };
    steps.iter().map(letter).collect()
}

#[test]
fn hits_go_to_the_nearest_sixteenth() {
    let track =
        TrackBytes::default().hit(30, 36).hit(4 * TICKS_PER_STEP - 59, 38).hit(8 * TICKS_PER_STEP + 59, 36);
    let bytes = file(0, 480, &[track.end()]);
    check(&bytes, &["k...s...k......."]);
    let error = grid(&bytes).mean_error_steps().unwrap();
    assert!((error - (30.0 + 59.0 + 59.0) / 3.0 / 120.0).abs() < 1e-12, "{error}");
}

#[test]
fn an_early_downbeat_belongs_to_the_bar_it_means() {
    let track = TrackBytes::default().hit(0, 36).hit(BAR - 20, 38);
    check(&file(0, 480, &[track.end()]), &["k...............s..............."]);
}

#[test]
fn a_long_pause_begins_a_new_passage_at_its_own_bar() {
    let short = TrackBytes::default().hit(0, 36).hit(2 * BAR, 38).end();
    check(&file(0, 480, &[short]), &["k...............................s..............."]);
    let long = TrackBytes::default().hit(0, 36).hit(3 * BAR + 2 * TICKS_PER_STEP, 38).end();
    check(&file(0, 480, &[long]), &["k...............", "..s............."]);
}

#[test]
fn only_four_four_is_taken_and_bars_are_counted_from_where_it_begins() {
    let waltz = 3 * 4 * TICKS_PER_STEP;
    let track = TrackBytes::default()
        .meter(0, 3, 2)
        .hit(0, 36)
        .hit(480, 38)
        .meter(waltz, 4, 2)
        .hit(waltz, 36)
        .hit(waltz + 480, 38)
        .meter(waltz + BAR, 7, 3)
        .hit(waltz + BAR, 36);
    let bytes = file(0, 480, &[track.end()]);
    check(&bytes, &["k...s..........."]);
    assert_eq!(grid(&bytes).remainders.hits(Remainder::OtherMetre), 3);
}

#[test]
fn a_repeated_signature_moves_no_bar_line() {
    let track = TrackBytes::default().meter(0, 4, 2).hit(0, 36).meter(480, 4, 2).hit(BAR, 38);
    check(&file(0, 480, &[track.end()]), &["k...............s..............."]);
}

#[test]
fn a_bar_that_a_change_of_meter_cuts_short_is_left_out() {
    let track = TrackBytes::default().hit(0, 36).hit(BAR, 38).meter(BAR + 480, 3, 2).end();
    let bytes = file(0, 480, &[track]);
    check(&bytes, &["k..............."]);
    assert_eq!(grid(&bytes).remainders.hits(Remainder::CutBar), 1);
}

#[test]
fn notes_of_no_drum_are_counted() {
    let track = TrackBytes::default().hit(0, 36).hit(480, 5).hit(480, 120).end();
    let bytes = file(0, 480, &[track]);
    check(&bytes, &["k..............."]);
    assert_eq!(grid(&bytes).remainders.hits(Remainder::NoDrum), 2);
}

#[test]
fn a_file_that_would_fill_the_memory_is_refused() {
    // 31 silent steps between hits keep one passage growing: 14,000 hits are 27,000 bars.
    let track =
        (0..14_000).fold(TrackBytes::default(), |track, hit| track.hit(hit * 31 * TICKS_PER_STEP, 36));
    let parts = read_parts(&file(0, 480, &[track.end()])).unwrap();
    assert_eq!(QuantisedSong::of(&parts, NoteTable::Gm), Err(TooLong));
    // Far apart, the same hits are many short passages, which count as well.
    let track = (0..21_000).fold(TrackBytes::default(), |track, hit| track.hit(hit * 4 * BAR, 36));
    let parts = read_parts(&file(0, 480, &[track.end()])).unwrap();
    assert_eq!(QuantisedSong::of(&parts, NoteTable::Gm), Err(TooLong));
    // Bars of one step each, apart: the memory is that of their passages.
    let track = TrackBytes::default().meter(0, 1, 4);
    let track = (0..21_000).fold(track, |track, hit| track.hit(hit * 4 * TICKS_PER_STEP, 36));
    let parts = read_parts(&file(0, 480, &[track.end()])).unwrap();
    let grids = GridSelection { rule: GridRule::Auto, metres: Metres::All };
    assert_eq!(QuantisedSong::on_grids(&parts, NoteTable::Gm, &grids), Err(TooLong));
}

#[test]
fn a_song_without_drums_has_no_passage_and_no_error() {
    let bytes = song("................");
    check(&bytes, &[]);
    assert_eq!(grid(&bytes).mean_error_steps(), None);
}

/// Checks the grid and the bars of every passage, read on what they are played on in every metre.
fn check_grids(bytes: &[u8], passages: &[(&str, &str)]) {
    let grids = GridSelection { rule: GridRule::Auto, metres: Metres::All };
    let song = QuantisedSong::on_grids(&read_parts(bytes).unwrap(), NoteTable::Gm, &grids).unwrap();
    let found: Vec<(String, String)> =
        song.passages.iter().map(|passage| (passage.grid.to_string(), tab(&passage.steps))).collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(grid, tab)| (grid.as_str(), tab.as_str())).collect();
    assert_eq!(found, passages);
}

/// A track with these hits, at so many ticks from one to the next; `k` kick, `s` snare.
fn tabbed(mut track: TrackBytes, start: u64, ticks_per_step: u64, tab: &str) -> TrackBytes {
    for (step, letter) in tab.chars().enumerate() {
        let note = if letter == 'k' { 36 } else { 38 };
        if letter != '.' {
            track = track.hit(start + step as u64 * ticks_per_step, note);
        }
    }
    track
}

#[test]
fn bars_as_long_as_four_four_are_read_as_such() {
    // 2/2 and 8/8 were left out as "not 4/4", and 2/4 with them.
    for (beats, unit_log2) in [(2, 1), (8, 3), (2, 2), (4, 2)] {
        let track = TrackBytes::default().meter(0, beats, unit_log2).hit(0, 36).hit(BAR, 38);
        check(&file(0, 480, &[track.end()]), &["k...............s..............."]);
    }
    // Where the bar lines go on, so does the passage.
    let track = TrackBytes::default().hit(0, 36).meter(BAR, 2, 1).hit(BAR, 38).meter(2 * BAR, 2, 2);
    let track = track.hit(2 * BAR, 36).meter(3 * BAR, 4, 2).hit(3 * BAR, 38);
    let bars = "k...............s...............k...............s...............";
    check(&file(0, 480, &[track.end()]), &[bars]);
}

#[test]
fn a_single_bar_of_two_four_moves_the_bar_lines() {
    let half = BAR / 2;
    let track = TrackBytes::default().hit(0, 36).meter(BAR, 2, 2).hit(BAR, 38);
    let track = track.meter(BAR + half, 4, 2).hit(BAR + half, 36).end();
    let bytes = file(0, 480, &[track]);
    check(&bytes, &["k...............", "k..............."]);
    assert_eq!(grid(&bytes).remainders.hits(Remainder::CutBar), 1);
}

#[test]
fn an_early_hit_at_a_change_of_signature_belongs_to_the_bar_behind_it() {
    // It fell into the bar before, and with it into another metre.
    let waltz = 12 * TICKS_PER_STEP;
    let track = TrackBytes::default().meter(0, 3, 2).hit(0, 36).hit(waltz - 50, 38);
    let track = track.meter(waltz, 4, 2).hit(waltz + 480, 36).end();
    let bytes = file(0, 480, &[track]);
    check(&bytes, &["s...k..........."]);
    assert_eq!(grid(&bytes).remainders.hits(Remainder::OtherMetre), 1);
    let late = TrackBytes::default().meter(0, 3, 2).hit(waltz - 61, 38).meter(waltz, 4, 2).hit(waltz, 36);
    check(&file(0, 480, &[late.end()]), &["k..............."]);
}

#[test]
fn silence_at_the_ends_of_a_file_counts() {
    // A two-bar loop whose second bar rests vanished, for one bar is no pattern.
    let rest = |track: TrackBytes, bars: u64| track.event(bars * BAR, &[0xff, 0x2f, 0]);
    let bar = |tab: &str| tab.replace('-', &".".repeat(16));
    let first = || TrackBytes::default().hit(0, 36);
    check(&file(0, 480, &[rest(first(), 2)]), &[&bar("k...............-")]);
    check(&file(0, 480, &[rest(first(), 40)]), &[&bar("k...............--")]);
    check(&file(0, 480, &[first().event(2 * BAR - 1, &[0xff, 0x2f, 0])]), &[&bar("k...............-")]);
    check(&file(0, 480, &[first().event(BAR + 9, &[0xff, 0x2f, 0])]), &["k..............."]);
    let last = TrackBytes::default().hit(BAR, 36).end();
    check(&file(0, 480, &[last]), &[&bar("-k...............")]);
    let late = TrackBytes::default().hit(9 * BAR, 36).end();
    let bytes = file(0, 480, &[late]);
    check(&bytes, &[&bar("--k...............")]);
    assert_eq!(tab(grid(&bytes).passages[0].without_silent_ends()), "k...............");
}

#[test]
fn a_region_is_read_in_triplets_where_it_is_played_in_them() {
    let shuffle = tabbed(TrackBytes::default(), 0, 160, "k.ks.kk.ks.k");
    check_grids(&file(0, 480, &[shuffle.end()]), &[("4/4t", "k.ks.kk.ks.k")]);
    let twelve = tabbed(TrackBytes::default().meter(0, 12, 3), 0, 240, "k.ks.kk.ks.k");
    check_grids(&file(0, 480, &[twelve.end()]), &[("4/4t", "k.ks.kk.ks.k")]);
    let waltz = tabbed(TrackBytes::default().meter(0, 3, 2), 0, 160, "k..s.ss.s");
    check_grids(&file(0, 480, &[waltz.end()]), &[("3/4t", "k..s.ss.s")]);
}

#[test]
fn every_metre_with_a_grid_is_read_by_its_bars() {
    let seven = tabbed(TrackBytes::default().meter(0, 7, 3), 0, 120, "k...s...k.s...k");
    check_grids(&file(0, 480, &[seven.end()]), &[("7/8s", "k...s...k.s...k.............")]);
    let six = 12 * TICKS_PER_STEP;
    let track = tabbed(TrackBytes::default().meter(0, 6, 3), 0, 120, "k.....s.....").meter(six, 5, 2);
    let track = tabbed(track, six, 120, "k...s...k...s...s...").end();
    check_grids(&file(0, 480, &[track]), &[("6/8s", "k.....s....."), ("5/4s", "k...s...k...s...s...")]);
    let long = tabbed(TrackBytes::default().meter(0, 7, 2), 0, 120, "k...s");
    check_grids(&file(0, 480, &[long.end()]), &[]);
}

#[test]
fn of_a_flam_the_loudest_hit_stays_with_its_time() {
    let hit = |track: TrackBytes, tick, note, velocity| track.event(tick, &[0x99, note, velocity]);
    let mut track = hit(TrackBytes::default(), 0, 42, 50);
    for (tick, note, velocity) in [(470, 38, 30), (474, 36, 80), (480, 38, 90), (492, 38, 90)] {
        track = hit(track, tick, note, velocity);
    }
    let song = grid(&file(0, 480, &[track.end()]));
    let onsets: Vec<_> =
        song.passages[0].onsets.iter().map(|o| (o.step, o.instrument, o.velocity, o.offset)).collect();
    assert_eq!(onsets, [(0, 4, 50, 0), (4, 0, 80, -5), (4, 1, 90, 0)]);
    assert_eq!((song.hits, song.remainders.hits(Remainder::Flam)), (5, 2));
}

#[test]
fn a_bar_has_the_tempo_of_its_beats() {
    let tempo = |bytes: &[u8], bar: usize| {
        let grids = GridSelection { rule: GridRule::Auto, metres: Metres::All };
        let song = QuantisedSong::on_grids(&read_parts(bytes).unwrap(), NoteTable::Gm, &grids).unwrap();
        song.passages[0].tempo_at(bar)
    };
    let track = TrackBytes::default().hit(0, 36).tempo(BAR, 400_000).hit(BAR, 36).hit(2 * BAR, 36).end();
    let bytes = file(0, 480, &[track]);
    assert_eq!([0, 1, 2].map(|bar| tempo(&bytes, bar)), [120.0, 150.0, 150.0]);
    // A beat of 12/8 is a dotted quarter note.
    let twelve = TrackBytes::default().meter(0, 12, 3).tempo(0, 500_000).hit(0, 36).end();
    assert_eq!(tempo(&file(0, 480, &[twelve]), 0), 80.0);
}

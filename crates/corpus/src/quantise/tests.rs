use super::*;
use crate::midi::compose::{TICKS_PER_STEP, TrackBytes, file, song};
use crate::midi::read_parts;

const BAR: u64 = 16 * TICKS_PER_STEP;

fn grid(bytes: &[u8]) -> QuantisedSong {
    QuantisedSong::of(&read_parts(bytes).unwrap(), NoteTable::Gm).unwrap()
}

/// Checks the bars of every passage, one character a step: `k` kick, `s` snare, `.` nothing.
fn check(bytes: &[u8], passages: &[&str]) {
    let letter = |step: &u16| match step {
        0 => '.',
        1 => 'k',
        2 => 's',
        _ => '?',
    };
    let found: Vec<String> =
        grid(bytes).passages.iter().map(|passage| passage.steps.iter().map(letter).collect()).collect();
    assert_eq!(found, passages);
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
    assert_eq!(grid(&bytes).other_meter_hits, 3);
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
    assert_eq!(grid(&bytes).other_meter_hits, 1);
}

#[test]
fn notes_of_no_drum_are_counted() {
    let track = TrackBytes::default().hit(0, 36).hit(480, 5).hit(480, 120).end();
    let bytes = file(0, 480, &[track]);
    check(&bytes, &["k..............."]);
    assert_eq!(grid(&bytes).unknown_notes, 2);
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
}

#[test]
fn a_song_without_drums_has_no_passage_and_no_error() {
    let bytes = song("................");
    check(&bytes, &[]);
    assert_eq!(grid(&bytes).mean_error_steps(), None);
}

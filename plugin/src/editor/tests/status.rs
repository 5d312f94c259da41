//! The status line has a sentence for each reason why nothing sounds, the first that applies; and the
//! transport in the window of an instance that has no host.

use beat::{Bank, Kit, Locks, Playhead, Settings, Take};
use egui::{Key, Modifiers};

use super::TestWindow;
use crate::shared::Decoded;

fn play(window: &mut TestWindow) {
    window.meters.show_transport(true, false);
    window.meters.show_playhead(Some(Playhead { step: 3, cycle: 0, in_bar: 3 }));
    window.harness.run();
}

/// A beat of one kick, or of nothing.
fn put(window: &mut TestWindow, take: Take) {
    let bank = Bank::new(&[take; 8], 1, beat::Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, 1);
    window.shared.show(|decoded| decoded.add(2, bank, 0));
    window.meters.show_committed(2);
    window.harness.run();
}

fn check(window: &TestWindow, expected: &str) {
    assert!(window.says(expected), "{expected}");
}

#[test]
fn at_rest_it_says_to_press_play_and_how_to_route_the_notes() {
    let mut window = TestWindow::open();
    check(&window, "Press play in the host. Notes: route this track's MIDI output to a drum track.");
    play(&mut window);
    check(&window, "playing · ");
}

#[test]
fn without_a_host_it_is_the_window_that_plays() {
    let mut window = TestWindow::open();
    window.shared.transport.take_charge(true);
    window.harness.run();
    check(&window, "Press play, or the space bar.");
    assert!(!window.says("in the host"));
}

#[test]
fn no_model_and_why() {
    let mut window = TestWindow::open();
    window.shared.show(|decoded| *decoded = Decoded::default());
    window.harness.run();
    check(&window, "Silent: the host has not switched its audio engine on for this track yet.");
    window.shared.show(|decoded| decoded.problem = Some("mine.safetensors is no model".into()));
    window.harness.run();
    check(&window, "mine.safetensors is no model");
}

#[test]
fn a_host_that_sends_no_blocks_does_not_run_the_plugin() {
    let mut window = TestWindow::open();
    play(&mut window);
    window.wait();
    check(&window, "Silent: the host does not run this plugin now");
    window.meters.count_block();
    window.harness.step();
    check(&window, "playing · ");
}

#[test]
fn bypassed() {
    let mut window = TestWindow::open();
    play(&mut window);
    window.set(|params| &params.bypass, true);
    check(&window, "Silent: bypassed.");
}

#[test]
fn nothing_goes_out() {
    let mut window = TestWindow::open();
    play(&mut window);
    window.set(|params| &params.kit_level, 0.0);
    check(&window, "the built-in kit is off. Notes: route this track's MIDI output to a drum track.");
    window.set(|params| &params.notes_out, false);
    check(&window, "Silent: notes out and the built-in kit are both off.");
    window.set(|params| &params.kit_level, 0.5);
    check(&window, "playing · ");
}

#[test]
fn all_muted_or_just_what_the_beat_hits() {
    let mut window = TestWindow::open();
    play(&mut window);
    put(&mut window, Take { onsets: beat::Pattern::EMPTY.with(0, 0), ..Take::EMPTY });
    window.click("mute kick");
    check(&window, "Silent: what this beat hits is muted.");
    window.click("mute kick");
    window.click("solo ride");
    check(&window, "Silent: what this beat hits is muted.");
    window.click("solo ride");
    for name in beat::DEFAULT_INSTRUMENT_NAMES {
        window.click(&format!("mute {name}"));
    }
    window.meters.count_block();
    window.harness.run();
    check(&window, "Silent: every instrument is muted.");
}

#[test]
fn a_place_that_plays_nothing_and_steps_that_are_held_off() {
    let mut window = TestWindow::open();
    play(&mut window);
    put(&mut window, Take::EMPTY);
    check(&window, "Silent: this place of the map plays nothing; move on, or turn the density up.");
    let held = Locks::NONE.with(0, 0, Some(false));
    let edits = beat::Edits { locks: held, ..beat::Edits::NONE };
    window.params.saved.set_shape(&window.params.saved.shape().with_edits(&beat::Grid::FOUR_FOUR, edits));
    window.harness.run();
    check(&window, "Silent: this place of the map plays nothing but what you hold off");
}

#[test]
fn what_was_lost_on_the_way() {
    let mut window = TestWindow::open();
    play(&mut window);
    window.meters.show_lost(3);
    window.harness.run();
    check(&window, "3 hits given up: the host took no more notes.");
    window.meters.count_late();
    window.harness.run();
    check(&window, "1 commit of a bounce kept the old beat: the machine was too busy.");
}

fn alone() -> TestWindow {
    let mut window = TestWindow::open();
    window.shared.transport.take_charge(true);
    window.harness.run();
    window
}

#[test]
fn the_button_and_the_space_bar_play_and_stop() {
    let mut window = alone();
    window.click("play");
    assert!(window.shared.transport.is_playing());
    window.click("stop");
    assert!(!window.shared.transport.is_playing());
    for playing in [true, false] {
        window.press(Key::Space, Modifiers::NONE);
        assert_eq!(window.shared.transport.is_playing(), playing);
    }
    assert_eq!(window.host.take(), [], "no host is told");
}

#[test]
fn who_types_a_blank_starts_nothing() {
    let mut window = alone();
    window.click("Temperature value");
    window.press(Key::Space, Modifiers::NONE);
    assert!(!window.shared.transport.is_playing());
}

#[test]
fn a_loop_is_chosen_and_left() {
    let mut window = alone();
    window.click("1 bar");
    assert_eq!(window.shared.transport.loop_bars(), 1);
    window.click("no loop");
    assert_eq!(window.shared.transport.loop_bars(), 0);
}

#[test]
fn under_a_host_there_is_no_transport() {
    let mut window = TestWindow::open();
    window.press(Key::Space, Modifiers::NONE);
    assert!(!window.shared.transport.is_playing() && !window.says("to the start"));
}

/// The light asked for a frame of its own after each note, so that the window was painted twice a step.
#[test]
fn while_the_song_rolls_a_note_asks_for_no_frame_of_its_own() {
    let mut window = TestWindow::open();
    window.harness.run();
    let delay = |window: &mut TestWindow| {
        window.meters.count_note();
        window.harness.run_steps(1);
        window.harness.output().viewport_output.values().map(|output| output.repaint_delay).min()
    };
    assert!(delay(&mut window).is_some_and(|delay| delay < std::time::Duration::from_secs(1)));
    window.meters.show_transport(true, false);
    window.wait();
    assert_eq!(delay(&mut window), Some(std::time::Duration::MAX));
}

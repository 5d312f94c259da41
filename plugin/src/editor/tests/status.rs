//! The status line has a sentence for each reason why nothing sounds, the first that applies; and the transport
//! in the window of an instance that has no host.

use beat::{Bank, Kit, Locks, Playhead, Settings, Take};
use egui::{Key, Modifiers};

use super::Studio;
use crate::shared::Scene;

fn play(studio: &mut Studio) {
    studio.meters.show_transport(true, false);
    studio.meters.show_playhead(Some(Playhead { step: 3, cycle: 0 }));
    studio.harness.run();
}

/// A beat of one kick, or of nothing.
fn put(studio: &mut Studio, take: Take) {
    let bank = Bank::new([take; 8], 1, Kit::DEFAULT, Settings::DEFAULT, 1);
    studio.stage.show(|scene| scene.add(2, bank, 0));
    studio.meters.show_committed(2);
    studio.harness.run();
}

fn check(studio: &Studio, expected: &str) {
    assert!(studio.says(expected), "{expected}");
}

#[test]
fn a_host_at_rest_is_asked_to_play_and_the_way_of_the_notes_is_told() {
    let mut studio = Studio::open();
    check(&studio, "Press play in the host. Notes: route this track's MIDI output to a drum track.");
    play(&mut studio);
    check(&studio, "playing · ");
}

#[test]
fn without_a_host_it_is_the_window_that_plays() {
    let mut studio = Studio::open();
    studio.stage.transport.take_charge(true);
    studio.harness.run();
    check(&studio, "Press play, or the space bar.");
    assert!(!studio.says("in the host"));
}

#[test]
fn no_model_and_why() {
    let mut studio = Studio::open();
    studio.stage.show(|scene| *scene = Scene::default());
    studio.harness.run();
    check(&studio, "Silent: the host has not switched its audio engine on for this track yet.");
    studio.stage.show(|scene| scene.problem = Some("mine.safetensors is no model".into()));
    studio.harness.run();
    check(&studio, "mine.safetensors is no model");
}

#[test]
fn bypassed() {
    let mut studio = Studio::open();
    play(&mut studio);
    studio.set(|params| &params.bypass, true);
    check(&studio, "Silent: bypassed.");
}

#[test]
fn nothing_goes_out() {
    let mut studio = Studio::open();
    play(&mut studio);
    studio.set(|params| &params.kit_level, 0.0);
    check(&studio, "the built-in kit is off. Notes: route this track's MIDI output to a drum track.");
    studio.set(|params| &params.notes_out, false);
    check(&studio, "Silent: notes out and the built-in kit are both off.");
    studio.set(|params| &params.kit_level, 0.5);
    check(&studio, "playing · ");
}

#[test]
fn all_muted_or_just_what_the_beat_hits() {
    let mut studio = Studio::open();
    play(&mut studio);
    put(&mut studio, Take { onsets: beat::Pattern::EMPTY.with(0, 0), ..Take::EMPTY });
    studio.click("mute kick");
    check(&studio, "Silent: what this beat hits is muted.");
    studio.click("mute kick");
    studio.click("solo ride");
    check(&studio, "Silent: what this beat hits is muted.");
    studio.click("solo ride");
    for name in beat::DEFAULT_INSTRUMENT_NAMES {
        studio.click(&format!("mute {name}"));
    }
    check(&studio, "Silent: every instrument is muted.");
}

#[test]
fn a_place_that_plays_nothing_and_steps_that_are_held_off() {
    let mut studio = Studio::open();
    play(&mut studio);
    put(&mut studio, Take::EMPTY);
    check(&studio, "Silent: this place of the map plays nothing; move on, or turn the density up.");
    let held = Locks::NONE.with(0, 0, Some(false));
    studio.params.saved.set_shape(&studio.params.saved.shape().with_locks(held));
    studio.harness.run();
    check(&studio, "Silent: this place of the map plays nothing but what you hold off");
}

#[test]
fn what_was_lost_on_the_way() {
    let mut studio = Studio::open();
    play(&mut studio);
    studio.meters.show_lost(3);
    studio.harness.run();
    check(&studio, "3 hits given up: the host took no more notes.");
    studio.meters.count_late();
    studio.harness.run();
    check(&studio, "1 commit of a bounce kept the old beat: the machine was too busy.");
}

fn alone() -> Studio {
    let mut studio = Studio::open();
    studio.stage.transport.take_charge(true);
    studio.harness.run();
    studio
}

#[test]
fn the_button_and_the_space_bar_play_and_stop() {
    let mut studio = alone();
    studio.click("play");
    assert!(studio.stage.transport.is_playing());
    studio.click("stop");
    assert!(!studio.stage.transport.is_playing());
    for playing in [true, false] {
        studio.strike(Key::Space, Modifiers::NONE);
        assert_eq!(studio.stage.transport.is_playing(), playing);
    }
    assert_eq!(studio.host.take(), [], "no host is told");
}

#[test]
fn who_types_a_blank_starts_nothing() {
    let mut studio = alone();
    studio.click("Temperature value");
    studio.strike(Key::Space, Modifiers::NONE);
    assert!(!studio.stage.transport.is_playing());
}

#[test]
fn a_loop_is_chosen_and_left() {
    let mut studio = alone();
    studio.click("1 bar");
    assert_eq!(studio.stage.transport.loop_bars(), 1);
    studio.click("no loop");
    assert_eq!(studio.stage.transport.loop_bars(), 0);
}

#[test]
fn under_a_host_there_is_no_transport() {
    let mut studio = Studio::open();
    studio.strike(Key::Space, Modifiers::NONE);
    assert!(!studio.stage.transport.is_playing() && !studio.says("to the start"));
}

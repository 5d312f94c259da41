//! The transport in the window of an instance that has no host.

use egui::{Key, Modifiers};

use super::Studio;

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

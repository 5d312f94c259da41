//! Knobs, choices and mutes.

use beat::Playback;
use egui::Vec2;

use super::Studio;

#[test]
fn a_knob_turns_up_under_the_hand_in_one_gesture() {
    let mut studio = Studio::open();
    let centre = studio.rect("Temperature").center();
    studio.drag(&[centre, centre - Vec2::new(0.0, 20.0), centre - Vec2::new(0.0, 60.0)]);
    assert!(studio.params.temperature.value() > 0.6, "{}", studio.params.temperature.value());
    assert_eq!(studio.host.gestures(), ["Temperature"]);
}

#[test]
fn a_double_click_resets_a_knob() {
    let mut studio = Studio::open();
    let centre = studio.rect("Gate").center();
    studio.drag(&[centre, centre - Vec2::new(0.0, 50.0)]);
    assert_ne!(studio.params.gate.value(), 0.5);
    for _ in 0..2 {
        studio.harness.drag_at(centre);
        studio.harness.drop_at(centre);
    }
    studio.harness.run();
    assert_eq!(studio.params.gate.value(), 0.5);
    assert!(studio.host.gestures().iter().all(|name| name == "Gate"));
}

#[test]
fn the_wheel_turns_a_knob() {
    let mut studio = Studio::open();
    studio.harness.hover_at(studio.rect("Swing").center());
    studio.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 60.0),
        modifiers: egui::Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    studio.harness.run();
    assert!(studio.params.swing.value() > 50.0);
    assert!(studio.host.gestures().iter().all(|name| name == "Swing"));
}

#[test]
fn a_click_on_a_name_mutes_the_instrument_and_another_brings_it_back() {
    let mut studio = Studio::open();
    studio.click("mute snare");
    assert_eq!(studio.params.playback().mutes, 0b10);
    studio.click("mute snare");
    assert_eq!(studio.params.playback().mutes, Playback::default().mutes);
    assert_eq!(studio.host.gestures(), ["Mute snare", "Mute snare"]);
}

#[test]
fn rolling_the_dice_is_another_seed() {
    let mut studio = Studio::open();
    let before = studio.params.seed.value();
    studio.click("roll the dice");
    assert_ne!(studio.params.seed.value(), before);
    assert_eq!(studio.host.gestures(), ["Seed"]);
}

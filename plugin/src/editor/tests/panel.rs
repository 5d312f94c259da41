//! Knobs, choices and mutes.

use beat::Playback;
use egui::Vec2;
use egui_kittest::kittest::Queryable;

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

#[test]
fn a_value_is_typed() {
    let mut studio = Studio::open();
    studio.click("Temperature value");
    let typed = studio.harness.get_by_label("type Temperature");
    typed.type_text("1");
    studio.harness.run();
    studio.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    studio.harness.run();
    studio.harness.event(egui::Event::Text("0.85".to_owned()));
    studio.strike(egui::Key::Enter, egui::Modifiers::NONE);
    assert!((studio.params.temperature.value() - 0.85).abs() < 1e-6);
    assert_eq!(studio.host.gestures(), ["Temperature"]);
    assert!(studio.harness.query_by_label("type Temperature").is_none());
}

#[test]
fn what_makes_no_value_changes_nothing() {
    let mut studio = Studio::open();
    for (text, key) in [("loud", egui::Key::Enter), ("0.1", egui::Key::Escape)] {
        studio.click("Temperature value");
        studio.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        studio.harness.event(egui::Event::Text(text.to_owned()));
        studio.strike(key, egui::Modifiers::NONE);
    }
    assert_eq!(studio.host.take(), []);
}

#[test]
fn the_arrows_turn_the_knob_that_has_the_keyboard() {
    let mut studio = Studio::open();
    studio.harness.get_by_label("Variation").focus();
    studio.harness.run();
    studio.strike(egui::Key::ArrowUp, egui::Modifiers::NONE);
    assert_eq!(studio.params.settings().variation, 8);
    assert_eq!(studio.host.gestures(), ["Variation"]);
}

#[test]
fn a_solo_leaves_the_others_out() {
    let mut studio = Studio::open();
    studio.click("solo kick");
    studio.click("solo snare");
    assert_eq!(studio.params.playback().mutes, !0b11);
    studio.click("solo kick");
    studio.click("solo snare");
    assert_eq!(studio.params.playback().mutes, 0);
}

#[test]
fn the_scale_is_saved_with_the_project_whether_the_mouse_or_the_keys_chose_it() {
    let mut studio = Studio::open();
    let scale = |studio: &Studio| studio.params.saved.window_size().scale;
    studio.click("100 %");
    studio.click("150 %");
    studio.harness.run_steps(3);
    assert_eq!(scale(&studio), 150);
    for _ in 0..20 {
        studio.strike(egui::Key::Plus, egui::Modifiers::COMMAND);
    }
    studio.harness.run_steps(3);
    assert_eq!((scale(&studio), studio.harness.ctx.zoom_factor()), (200, 2.0));
}

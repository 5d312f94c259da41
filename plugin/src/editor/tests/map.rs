//! The map: the puck under the mouse and the keys, resting places, scenes, the orbit, a closer look.

use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable;

use super::Studio;
use crate::params::SceneChoice;

/// A place of the map on the screen, x to the right and y up.
fn on_map(studio: &Studio, x: f32, y: f32) -> Pos2 {
    let map = studio.rect("Map");
    Pos2::new(map.left() + x * map.width(), map.bottom() - y * map.height())
}

fn puck(studio: &Studio) -> [f32; 2] {
    [studio.params.x.value(), studio.params.y.value()]
}

fn assert_near(got: [f32; 2], expected: [f32; 2]) {
    let near = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 0.002);
    assert!(near, "{got:?} instead of {expected:?}");
}

#[test]
fn a_drag_is_one_gesture_of_both_axes_and_ends_where_the_hand_does() {
    let mut studio = Studio::open();
    let path = [(0.2, 0.2), (0.4, 0.3), (0.7, 0.8)].map(|(x, y)| on_map(&studio, x, y));
    studio.drag(&path);
    assert_near(puck(&studio), [0.7, 0.8]);
    assert_eq!(studio.host.gestures(), ["X", "Y"]);
}

#[test]
fn a_drag_that_leaves_the_map_stays_on_its_edge() {
    let mut studio = Studio::open();
    let path = [on_map(&studio, 0.5, 0.5), on_map(&studio, 1.4, -0.3)];
    studio.drag(&path);
    assert_near(puck(&studio), [1.0, 0.0]);
}

#[test]
fn shift_moves_the_puck_finely_from_where_it_stands() {
    let mut studio = Studio::open();
    studio.harness.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    let path = [on_map(&studio, 0.1, 0.1), on_map(&studio, 0.2, 0.1), on_map(&studio, 0.3, 0.1)];
    studio.drag(&path);
    let [x, y] = puck(&studio);
    assert!((0.505..0.525).contains(&x) && (y - 0.5).abs() < 0.002, "{x} {y}");
}

#[test]
fn looking_at_the_map_changes_nothing() {
    let mut studio = Studio::open();
    for place in [(0.1, 0.1), (0.9, 0.9)] {
        studio.harness.hover_at(on_map(&studio, place.0, place.1));
        studio.harness.run();
    }
    assert_eq!(studio.host.take(), []);
}

/// A window that closes under the hand ends the gesture; one whose instance is gone already has nobody to
/// tell, and must not take the host with it.
#[test]
fn a_window_that_closes_under_the_hand_ends_what_it_began_or_goes_quietly() {
    for gone in [false, true] {
        let mut studio = Studio::open();
        let place = on_map(&studio, 0.3, 0.3);
        studio.harness.hover_at(place);
        studio.harness.drag_at(place);
        studio.harness.run();
        let host = studio.host.clone();
        if gone {
            host.goes();
        }
        drop(studio);
        if !gone {
            assert_eq!(host.gestures(), ["X", "Y"]);
        }
    }
}

#[test]
fn the_arrows_move_the_puck_and_shift_moves_it_finely() {
    let mut studio = Studio::open();
    studio.harness.get_by_label("Map").focus();
    studio.harness.run();
    studio.strike(Key::ArrowRight, Modifiers::NONE);
    studio.strike(Key::ArrowUp, Modifiers::SHIFT);
    assert_near(puck(&studio), [0.51, 0.501]);
    assert_eq!(studio.host.gestures(), ["X", "Y", "X", "Y"]);
}

#[test]
fn a_click_on_a_resting_place_returns_to_it_exactly() {
    let mut studio = Studio::open();
    for place in [(0.3, 0.3), (0.8, 0.6)] {
        let place = on_map(&studio, place.0, place.1);
        studio.click_at(place);
    }
    let near = on_map(&studio, 0.3, 0.3) + egui::Vec2::new(4.0, -3.0);
    studio.click_at(near);
    assert_near(puck(&studio), [0.3, 0.3]);
}

#[test]
fn a_list_of_genres_flies_the_puck() {
    let mut studio = Studio::open();
    studio.click("fly to a genre");
    studio.click("low");
    assert_near(puck(&studio), [0.5, 0.25]);
    assert_eq!(studio.host.gestures(), ["X", "Y"]);
}

#[test]
fn an_empty_scene_takes_what_sounds_and_a_click_returns_to_it() {
    let mut studio = Studio::open();
    studio.click("scene B");
    assert_eq!(studio.host.take(), [], "storing changes no parameter");
    let away = on_map(&studio, 0.9, 0.9);
    studio.click_at(away);
    studio.wait();
    studio.click("scene B");
    assert_eq!(studio.params.scene.value(), SceneChoice::B);
    assert_near([studio.params.settings().x, studio.params.settings().y], [0.5, 0.5]);
    assert_near(puck(&studio), [0.9, 0.9]);
    let elsewhere = on_map(&studio, 0.1, 0.2);
    studio.click_at(elsewhere);
    assert_eq!(studio.params.scene.value(), SceneChoice::Puck, "who takes the puck leaves the scene");
    assert_near([studio.params.settings().x, studio.params.settings().y], [0.1, 0.2]);
    studio.click("undo");
    assert_eq!(studio.params.scene.value(), SceneChoice::B, "one movement, one undo");
    assert_near(puck(&studio), [0.9, 0.9]);
}

#[test]
fn a_drawn_path_becomes_the_orbit() {
    let mut studio = Studio::open();
    studio.click("draw");
    let path = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)].map(|(x, y)| on_map(&studio, x, y));
    studio.drag(&path);
    assert_near(puck(&studio), [0.5, 0.5]);
    assert_eq!(studio.host.gestures(), ["Orbit"]);
    assert_eq!(studio.params.settings().orbit_bars, 4);
    let orbit = studio.params.saved.shape().orbit.expect("an orbit was drawn");
    assert_near(orbit.places()[0], [0.2, 0.2]);
    assert_near(orbit.places()[32], [0.8, 0.8]);
    studio.click("8");
    assert_eq!(studio.params.settings().orbit_bars, 8);
}

#[test]
fn escape_gives_up_drawing() {
    let mut studio = Studio::open();
    studio.click("draw");
    studio.strike(Key::Escape, Modifiers::NONE);
    let place = on_map(&studio, 0.2, 0.7);
    studio.click_at(place);
    assert_near(puck(&studio), [0.2, 0.7]);
    assert_eq!(studio.params.saved.shape().orbit, None);
}

#[test]
fn a_closer_look_leaves_the_puck_where_it_is_and_makes_it_slower() {
    let mut studio = Studio::open();
    studio.harness.hover_at(on_map(&studio, 0.5, 0.5));
    studio.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::Vec2::new(0.0, 240.0),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    studio.harness.run_steps(40);
    assert_eq!(studio.host.take(), []);
    let path = [on_map(&studio, 0.5, 0.5), on_map(&studio, 0.75, 0.5)];
    studio.drag(&path);
    let [x, y] = puck(&studio);
    assert!((0.6..0.65).contains(&x) && (y - 0.5).abs() < 0.01, "{x} {y}");
}

#[test]
fn what_would_play_is_asked_for_where_the_pointer_rests() {
    let mut studio = Studio::open();
    studio.harness.hover_at(on_map(&studio, 0.25, 0.75));
    studio.harness.run();
    let asked = studio.stage.wishes.take_preview().expect("it was asked");
    assert_near(asked, [0.25, 0.75]);
    studio.harness.hover_at(Pos2::new(1.0, 1.0));
    studio.harness.run();
    assert_eq!(studio.stage.wishes.take_preview(), None, "beside the map there is nothing to hear");
}

//! The puck under the mouse.

use egui::{Modifiers, Pos2};

use super::Studio;

/// A place of the map on the screen, x to the right and y up.
pub(super) fn on_map(studio: &Studio, x: f32, y: f32) -> Pos2 {
    let map = studio.rect("Map");
    Pos2::new(map.left() + x * map.width(), map.bottom() - y * map.height())
}

pub(super) fn puck(studio: &Studio) -> [f32; 2] {
    [studio.params.x.value(), studio.params.y.value()]
}

pub(super) fn assert_near(got: [f32; 2], expected: [f32; 2]) {
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

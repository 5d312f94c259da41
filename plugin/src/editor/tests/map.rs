//! The map: the puck under the mouse and the keys, resting places, scenes, the orbit, a closer look.

use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable;
use nice_plug::prelude::Params;

use super::{HostCall, TestWindow};
use crate::params::SceneChoice;

/// A place of the map on the screen, x to the right and y up.
fn on_map(window: &TestWindow, x: f32, y: f32) -> Pos2 {
    let map = window.rect("Map");
    Pos2::new(map.left() + x * map.width(), map.bottom() - y * map.height())
}

fn puck(window: &TestWindow) -> [f32; 2] {
    [window.params.x.value(), window.params.y.value()]
}

fn assert_close(got: [f32; 2], expected: [f32; 2]) {
    let close = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 0.002);
    assert!(close, "{got:?} instead of {expected:?}");
}

#[test]
fn a_drag_is_one_gesture_of_both_axes_and_ends_where_the_pointer_does() {
    let mut window = TestWindow::open();
    let path = [(0.2, 0.2), (0.4, 0.3), (0.7, 0.8)].map(|(x, y)| on_map(&window, x, y));
    window.drag(&path);
    assert_close(puck(&window), [0.7, 0.8]);
    assert_eq!(window.host.gestures(), ["X", "Y"]);
}

/// The framework's queue for a host that sends no blocks ran full in mid-drag, and the puck sprang there with the
/// next block.
#[test]
fn a_long_drag_without_blocks_ends_for_the_host_where_it_was_left() {
    let mut window = TestWindow::open();
    window.host.rest();
    let path: Vec<Pos2> = (0..400).map(|step| on_map(&window, 0.1 + step as f32 / 600.0, 0.5)).collect();
    window.harness.hover_at(path[0]);
    window.harness.drag_at(path[0]);
    for place in &path {
        window.harness.hover_at(*place);
        window.harness.step();
    }
    window.harness.drop_at(path[399]);
    window.harness.run();
    let calls = window.host.take();
    assert!((250..300).contains(&calls.len()), "{} calls", calls.len());
    let last = calls.iter().rev().find_map(|call| match call {
        HostCall::Set(name, value) if name == "X" => Some(*value),
        _ => None,
    });
    let x = window.params.x.value();
    assert!(x > 0.7 && last.is_some_and(|last| (last - x).abs() < 1e-3), "{last:?} instead of {x}");
    window.meters.count_block();
    window.drag(&path[..3]);
    assert_eq!(window.host.gestures(), ["X", "Y"]);
}

/// What the window had set before came back with the first block.
#[test]
fn a_state_that_is_loaded_while_no_block_comes_is_what_the_host_gets_last() {
    let mut window = TestWindow::open();
    window.host.rest();
    let path = [(0.5, 0.5), (0.2, 0.2)].map(|(x, y)| on_map(&window, x, y));
    window.drag(&path);
    window.host.take();
    // The framework sets the parameters of a state, then its fields.
    let fresh = crate::params::BeatfieldParams::default();
    window.set_silently(&fresh);
    window.params.deserialize_fields(&fresh.serialize_fields());
    window.harness.run();
    let mut calls = window.host.take();
    calls.retain(|call| matches!(call, HostCall::Set(..)));
    assert_eq!(calls, [HostCall::Set("X".into(), 0.5), HostCall::Set("Y".into(), 0.5)]);
}

/// A window that is drawn slowly gets press, motion and release at once; such a drag was lost.
#[test]
fn a_drag_within_one_frame_moves_the_puck_too() {
    let mut window = TestWindow::open();
    let [from, to] = [(0.5, 0.5), (0.2, 0.7)].map(|(x, y)| on_map(&window, x, y));
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    for event in [
        egui::Event::PointerMoved(from),
        button(from, true),
        egui::Event::PointerMoved(to),
        button(to, false),
    ] {
        window.harness.input_mut().events.push(event);
    }
    window.harness.run();
    assert_close(puck(&window), [0.2, 0.7]);
    assert_eq!(window.host.gestures(), ["X", "Y"]);
}

#[test]
fn a_drag_that_leaves_the_map_stays_on_its_edge() {
    let mut window = TestWindow::open();
    let path = [on_map(&window, 0.5, 0.5), on_map(&window, 1.4, -0.3)];
    window.drag(&path);
    assert_close(puck(&window), [1.0, 0.0]);
}

#[test]
fn shift_moves_the_puck_finely_from_where_it_stands() {
    let mut window = TestWindow::open();
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    let path = [on_map(&window, 0.1, 0.1), on_map(&window, 0.2, 0.1), on_map(&window, 0.3, 0.1)];
    window.drag(&path);
    let [x, y] = puck(&window);
    assert!((0.505..0.525).contains(&x) && (y - 0.5).abs() < 0.002, "{x} {y}");
}

#[test]
fn hovering_over_the_map_changes_nothing() {
    let mut window = TestWindow::open();
    for place in [(0.1, 0.1), (0.9, 0.9)] {
        window.harness.hover_at(on_map(&window, place.0, place.1));
        window.harness.run();
    }
    assert_eq!(window.host.take(), []);
}

/// A window that closes during a drag ends the gesture; if its instance is dropped already there is no host
/// to call, and it must not panic.
#[test]
fn a_window_that_closes_during_a_drag_ends_its_gestures_or_does_not_panic() {
    for gone in [false, true] {
        let mut window = TestWindow::open();
        let place = on_map(&window, 0.3, 0.3);
        window.harness.hover_at(place);
        window.harness.drag_at(place);
        window.harness.run();
        let host = window.host.clone();
        if gone {
            host.goes();
        }
        drop(window);
        if !gone {
            assert_eq!(host.gestures(), ["X", "Y"]);
        }
    }
}

#[test]
fn the_arrows_move_the_puck_and_shift_moves_it_finely() {
    let mut window = TestWindow::open();
    window.harness.get_by_label("Map").focus();
    window.harness.run();
    window.press(Key::ArrowRight, Modifiers::NONE);
    window.press(Key::ArrowUp, Modifiers::SHIFT);
    assert_close(puck(&window), [0.51, 0.501]);
    assert_eq!(window.host.gestures(), ["X", "Y", "X", "Y"]);
}

#[test]
fn a_click_on_a_resting_place_returns_to_it_exactly() {
    let mut window = TestWindow::open();
    for place in [(0.3, 0.3), (0.8, 0.6)] {
        let place = on_map(&window, place.0, place.1);
        window.click_at(place);
    }
    let close = on_map(&window, 0.3, 0.3) + egui::Vec2::new(4.0, -3.0);
    window.click_at(close);
    assert_close(puck(&window), [0.3, 0.3]);
}

#[test]
fn a_list_of_genres_flies_the_puck() {
    let mut window = TestWindow::open();
    window.click("fly to a genre");
    window.click("low");
    assert_close(puck(&window), [0.5, 0.25]);
    assert_eq!(window.host.gestures(), ["X", "Y"]);
}

#[test]
fn an_empty_scene_takes_what_sounds_and_a_click_returns_to_it() {
    let mut window = TestWindow::open();
    window.click("scene B");
    assert_eq!(window.host.gestures(), ["Edits"], "storing changes no parameter that plays");
    let away = on_map(&window, 0.9, 0.9);
    window.click_at(away);
    window.wait();
    window.click("scene B");
    assert_eq!(window.params.scene.value(), SceneChoice::B);
    assert_close([window.params.settings().x, window.params.settings().y], [0.5, 0.5]);
    assert_close(puck(&window), [0.9, 0.9]);
    let elsewhere = on_map(&window, 0.1, 0.2);
    window.click_at(elsewhere);
    assert_eq!(window.params.scene.value(), SceneChoice::Puck, "who takes the puck leaves the scene");
    assert_close([window.params.settings().x, window.params.settings().y], [0.1, 0.2]);
    window.click("undo");
    assert_eq!(window.params.scene.value(), SceneChoice::B, "one movement, one undo");
    assert_close(puck(&window), [0.9, 0.9]);
}

#[test]
fn a_drawn_path_becomes_the_orbit() {
    let mut window = TestWindow::open();
    window.click("draw");
    let path = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)].map(|(x, y)| on_map(&window, x, y));
    window.drag(&path);
    assert_close(puck(&window), [0.5, 0.5]);
    assert_eq!(window.host.gestures(), ["Orbit"]);
    assert_eq!(window.params.settings().orbit_bars, 4);
    let orbit = window.params.saved.shape().orbit.expect("an orbit was drawn");
    assert_close(orbit.places()[0], [0.2, 0.2]);
    assert_close(orbit.places()[32], [0.8, 0.8]);
    window.click("8");
    assert_eq!(window.params.settings().orbit_bars, 8);
}

#[test]
fn escape_cancels_drawing() {
    let mut window = TestWindow::open();
    window.click("draw");
    window.press(Key::Escape, Modifiers::NONE);
    let place = on_map(&window, 0.2, 0.7);
    window.click_at(place);
    assert_close(puck(&window), [0.2, 0.7]);
    assert_eq!(window.params.saved.shape().orbit, None);
}

#[test]
fn zooming_leaves_the_puck_where_it_is_and_makes_it_slower() {
    let mut window = TestWindow::open();
    window.harness.hover_at(on_map(&window, 0.5, 0.5));
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::Vec2::new(0.0, 240.0),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run_steps(40);
    assert_eq!(window.host.take(), []);
    let path = [on_map(&window, 0.5, 0.5), on_map(&window, 0.75, 0.5)];
    window.drag(&path);
    let [x, y] = puck(&window);
    assert!((0.6..0.65).contains(&x) && (y - 0.5).abs() < 0.01, "{x} {y}");
}

#[test]
fn a_preview_is_requested_where_the_pointer_rests() {
    let mut window = TestWindow::open();
    window.harness.hover_at(on_map(&window, 0.25, 0.75));
    window.harness.run();
    let requested = window.shared.requests.take_preview().expect("it was requested");
    assert_close(requested, [0.25, 0.75]);
    window.harness.hover_at(Pos2::new(1.0, 1.0));
    window.harness.run();
    assert_eq!(window.shared.requests.take_preview(), None, "beside the map there is nothing to hear");
}

/// Under CLAP, and under VST3 while the host says that it processes, the framework leaves setting a parameter
/// to the next block.
#[test]
fn what_is_set_while_no_block_comes_is_what_is_saved_and_stays() {
    let mut window = TestWindow::open();
    window.host.rest();
    let (from, to) = (on_map(&window, 0.5, 0.5), on_map(&window, 0.2, 0.9));
    window.drag(&[from, to]);
    let swing = window.rect("Swing").center();
    window.drag(&[swing, swing - egui::Vec2::new(0.0, 90.0)]);
    window.wait();
    assert_close(puck(&window), [0.2, 0.9]);
    let settings = window.params.settings();
    assert_close([settings.x, settings.y], [0.2, 0.9]);
    assert!(window.params.playback().swing > 0.4);
    window.click("undo");
    window.click("undo");
    assert_close(puck(&window), [0.5, 0.5]);
    assert_eq!(window.params.playback().swing, beat::Playback::default().swing);
}

/// It used to paint the pattern of the last place under the genre of the new one, and to keep the pattern of
/// the settings of before.
#[test]
fn a_preview_is_of_the_place_and_the_settings_that_are_shown() {
    use crate::shared::PreviewKey;
    let mut window = TestWindow::open();
    let hits = |window: &TestWindow| {
        let texts = window.harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
            egui::Shape::Text(text) => Some(text.galley.text().to_owned()),
            _ => None,
        });
        texts.filter(|text| text.ends_with(" hits")).collect::<Vec<_>>()
    };
    let answer = |window: &mut TestWindow| {
        let place = window.shared.requests.take_preview().expect("it was requested");
        let key = PreviewKey::new(beat::Grid::FOUR_FOUR, &window.params.settings(), place);
        window.shared.show(|decoded| decoded.preview = Some((key, beat::Pattern::EMPTY.with(0, 0))));
        window.harness.run();
        assert_eq!(hits(window).len(), 1);
    };
    window.harness.hover_at(on_map(&window, 0.25, 0.75));
    window.harness.run();
    assert_eq!(hits(&window), [""; 0], "no answer yet");
    answer(&mut window);
    window.harness.hover_at(on_map(&window, 0.8, 0.2));
    window.harness.run();
    assert_eq!(hits(&window), [""; 0], "the answer is of the place before");
    answer(&mut window);
    window.set(|params| &params.seed, 77);
    assert_eq!(hits(&window), [""; 0], "the answer is of the seed before");
    answer(&mut window);
    window.set(|params| &params.x, 0.1);
    assert_eq!(hits(&window).len(), 1, "where the puck stands makes no difference");
}

/// Three layers of the map's size took a software renderer most of each frame.
#[test]
fn the_map_is_painted_in_one_layer() {
    let mut window = TestWindow::open();
    let model = window.shared.decoded().model.clone().expect("a model");
    let map = model.map().expect("a synthetic model has a map");
    let hits = vec![9; crate::editor::map::picture::HITS_SIDE.pow(2)];
    let picture = std::sync::Arc::new(crate::editor::map::picture::MapPicture::paint(map, &hits));
    window.shared.show(|decoded| {
        decoded.picture = Some(picture);
        decoded.model_number += 1;
    });
    window.harness.run();
    let map = window.rect("Map");
    let is_of_its_size =
        |rect: egui::Rect| rect.contains_rect(map.shrink(2.0)) && map.expand(2.0).contains_rect(rect);
    let shapes = window.harness.output().shapes.iter();
    let filled = shapes.filter(|clipped| match &clipped.shape {
        egui::Shape::Rect(rect) => rect.fill != egui::Color32::TRANSPARENT && is_of_its_size(rect.rect),
        egui::Shape::Mesh(mesh) => is_of_its_size(mesh.calc_bounds()),
        _ => false,
    });
    assert_eq!(filled.count(), 1);
}

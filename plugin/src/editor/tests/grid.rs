//! The pattern grid: locks, rotation, densities, notes, and undo of all of it.

use beat::{Bank, Edits, Grid, INSTRUMENTS, Kit, Settings, Shape, Take};
use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::kittest::Queryable;

use super::TestWindow;
use crate::editor::theme;
use crate::params::MetreChoice;

const STEPS: usize = Grid::FOUR_FOUR.steps();

fn edits(window: &TestWindow) -> Edits {
    *window.params.saved.shape().edits(&Grid::FOUR_FOUR)
}

/// The middle of a step on the screen.
fn cell(window: &TestWindow, step: usize, instrument: usize) -> Pos2 {
    let grid = window.rect("Pattern");
    let width = (grid.width() - 6.0) / STEPS as f32;
    let gap = if step >= STEPS / 2 { 6.0 } else { 0.0 };
    let height = grid.height() / INSTRUMENTS as f32;
    grid.min + Vec2::new(width * (step as f32 + 0.5) + gap, height * (instrument as f32 + 0.5))
}

fn lock(window: &TestWindow, step: usize, instrument: usize) -> Option<bool> {
    edits(window).locks.at(step, instrument)
}

/// Whether the first take has an onset there.
fn sounds(window: &TestWindow, step: usize, instrument: usize) -> bool {
    let decoded = window.shared.decoded();
    decoded.newest(Grid::FOUR_FOUR).is_some_and(|bank| bank.takes()[0].onsets.has(step, instrument))
}

#[test]
fn a_click_locks_a_step_as_the_opposite_of_what_it_is_and_another_unlocks_it() {
    let mut window = TestWindow::open();
    for (step, instrument) in [(0, 0), (5, 3), (17, 1), (31, 13)] {
        let place = cell(&window, step, instrument);
        window.click_at(place);
        let opposite = !sounds(&window, step, instrument);
        assert_eq!(lock(&window, step, instrument), Some(opposite), "step {step} of {instrument}");
        window.click_at(place);
        assert_eq!(lock(&window, step, instrument), None);
    }
    assert!(window.host.gestures().iter().all(|name| name == "Edits"), "a lock is no parameter");
}

/// The steps with an edge of this colour.
fn edged(window: &TestWindow, colour: egui::Color32) -> Vec<(usize, usize)> {
    let shapes = window.harness.output().shapes.iter().map(|clipped| &clipped.shape);
    let edged = shapes.filter_map(|shape| match shape {
        egui::Shape::Rect(rect) if rect.stroke.color == colour => Some(rect.rect),
        _ => None,
    });
    let edged: Vec<egui::Rect> = edged.collect();
    let cells = (0..STEPS).flat_map(|step| (0..INSTRUMENTS).map(move |instrument| (step, instrument)));
    cells.filter(|(s, i)| edged.iter().any(|rect| rect.contains(cell(window, *s, *i)))).collect()
}

#[test]
fn a_locked_step_is_drawn_where_the_pointer_was_and_in_the_next_frame() {
    for turned in [0, 1, 31] {
        let mut window = TestWindow::open();
        window
            .params
            .saved
            .set_shape(&Shape::NONE.with_edits(&Grid::FOUR_FOUR, Edits { rotation: turned, ..Edits::NONE }));
        for (step, instrument) in [(0, 0), (16, 5), (31, 13)] {
            let place = cell(&window, step, instrument);
            window.harness.hover_at(place);
            window.harness.drag_at(place);
            window.harness.step();
            window.harness.drop_at(place);
            window.harness.run_steps(2);
            let held = edged(&window, theme::LOCK.gamma_multiply(0.85));
            assert!(held.contains(&(step, instrument)), "{held:?} turned by {turned}");
        }
    }
}

/// Banks of one take and of eight alternate while the variation is changed. A waiting bank was shown as its
/// first take, whatever the cycle.
#[test]
fn what_waits_is_shown_as_it_will_sound_at_its_commit() {
    use beat::Playhead;
    let mut window = TestWindow::open();
    let take = |step: usize| Take { onsets: beat::Pattern::EMPTY.with(step, 7), ..Take::EMPTY };
    let bank = |takes: [Take; 8], period| {
        Bank::new(&takes, period, Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, 1)
    };
    window.shared.show(|decoded| {
        decoded.add(2, bank([Take::EMPTY; 8], 1), 0);
        decoded.add(3, bank(std::array::from_fn(take), 8), 2);
    });
    window.meters.show_committed(2);
    window.meters.show_transport(true, false);
    for (step, cycle, expected) in [(0, 0, 0), (9, 5, 5), (31, 5, 6), (31, 7, 0)] {
        window.meters.show_playhead(Some(Playhead { step, cycle, in_bar: step % 16 }));
        window.harness.run_steps(2);
        assert_eq!(edged(&window, theme::COMING.gamma_multiply(0.9)), [(expected, 7)], "cycle {cycle}");
    }
}

/// In a frame so slow that a release and the next press came together, the second click undid itself.
#[test]
fn a_click_right_behind_another_locks_its_step_too() {
    let mut window = TestWindow::open();
    let [first, second] = [cell(&window, 2, 3), cell(&window, 6, 3)];
    window.harness.hover_at(first);
    window.harness.drag_at(first);
    window.harness.run_steps(2);
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let together = [button(first, false), egui::Event::PointerMoved(second), button(second, true)];
    window.harness.input_mut().events.extend(together);
    window.harness.run_steps(2);
    window.harness.drop_at(second);
    window.harness.run();
    for step in [2, 6] {
        assert_eq!(lock(&window, step, 3), Some(!sounds(&window, step, 3)), "step {step}");
    }
}

#[test]
fn a_drag_paints_what_its_first_step_became() {
    let mut window = TestWindow::open();
    let row = (2..7).map(|step| cell(&window, step, 9)).collect::<Vec<_>>();
    window.drag(&row);
    let held: Vec<_> = (2..7).map(|step| lock(&window, step, 9)).collect();
    assert_eq!(held, vec![Some(!sounds(&window, 2, 9)); 5]);
    window.click("let go of 5 locks");
    assert_eq!(edits(&window).locks.count(), 0);
}

#[test]
fn the_keyboard_locks_steps_too() {
    let mut window = TestWindow::open();
    window.harness.get_by_label("Pattern").focus();
    window.harness.run();
    for key in [Key::ArrowRight, Key::ArrowRight, Key::ArrowDown, Key::Enter] {
        window.press(key, Modifiers::NONE);
    }
    assert_eq!(lock(&window, 2, 1), Some(!sounds(&window, 2, 1)));
}

/// The space bar locked the step that was clicked last, where everybody expects the song to start.
#[test]
fn space_edits_nothing_wherever_the_focus_is() {
    let mut window = TestWindow::open();
    let place = cell(&window, 2, 3);
    window.click_at(place);
    let held = window.params.saved.shape();
    window.press(Key::Space, Modifiers::NONE);
    assert_eq!(window.params.saved.shape(), held);
    for label in ["mute kick", "scene A", "orbit", "Seed", "undo", "note of kick"] {
        window.harness.get_by_label(label).focus();
        window.harness.run();
        window.host.take();
        window.press(Key::Space, Modifiers::NONE);
        assert_eq!(window.host.take(), [], "{label}");
        assert_eq!(window.params.saved.shape(), held, "{label}");
        assert!(window.params.saved.scenes().get(0).is_none(), "{label}");
    }
}

#[test]
fn locks_turn_with_the_pattern() {
    let mut window = TestWindow::open();
    window.click(">");
    window.click(">");
    assert_eq!(edits(&window).rotation, 2);
    let place = cell(&window, 2, 0);
    window.click_at(place);
    assert!(lock(&window, 0, 0).is_some(), "what sounds at 2 was drawn at 0");
    for _ in 0..3 {
        window.click("<");
    }
    assert_eq!(edits(&window).rotation, 31);
}

#[test]
fn a_trim_is_dragged_sideways_and_reset_by_a_double_click() {
    let mut window = TestWindow::open();
    let trim = window.rect("density of ride").center();
    window.drag(&[trim, trim + Vec2::new(10.0, 0.0), trim + Vec2::new(30.0, 0.0)]);
    let trims = window.params.saved.shape().trims;
    assert!(trims[10] > 0.3 && trims.iter().filter(|trim| **trim != 0.0).count() == 1, "{trims:?}");
    window.wait();
    for _ in 0..2 {
        window.harness.drag_at(trim);
        window.harness.drop_at(trim);
    }
    window.harness.run();
    assert_eq!(window.params.saved.shape().trims[10], 0.0);
}

#[test]
fn a_note_is_learnt_from_the_next_that_comes_in() {
    let mut window = TestWindow::open();
    window.click("note of clap");
    window.click("learn from the next note");
    window.meters.show_input_note(77);
    window.harness.run_steps(2);
    assert_eq!(window.params.saved.shape().kit.map(|kit| kit.note(3)), Some(77));
    window.meters.show_input_note(50);
    window.harness.run_steps(2);
    assert_eq!(window.params.saved.shape().kit.map(|kit| kit.note(3)), Some(77), "learnt once");
}

/// The host opens another project, or takes back something of its own. Undo used to bring the locks of before
/// into it. Nothing is reported to the host on the way: it would take the project for modified.
#[test]
fn a_state_that_the_host_loads_ends_the_history() {
    use nice_plug::prelude::Params;
    let mut window = TestWindow::open();
    let fields = window.params.serialize_fields();
    let place = cell(&window, 4, 2);
    window.click_at(place);
    window.click("mute kick");
    assert!(lock(&window, 4, 2).is_some());
    window.host.take();
    window.meters.count_block(); // which took what was set
    window.params.deserialize_fields(&fields);
    window.harness.run();
    window.press(Key::Z, Modifiers::COMMAND);
    window.press(Key::Z, Modifiers::COMMAND);
    assert_eq!(window.host.take(), []);
    assert_eq!(window.params.serialize_fields(), fields);
}

/// A host closed the project without asking to save.
#[test]
fn the_host_is_notified_once_of_each_edit_that_is_no_parameter() {
    let mut window = TestWindow::open();
    let (first, last) = (cell(&window, 2, 4), cell(&window, 9, 4));
    window.drag(&[first, cell(&window, 5, 4), last]);
    assert_eq!(window.host.gestures(), ["Edits"], "a painted row");
    window.wait();
    window.click("scene A");
    window.wait();
    assert_eq!(window.host.gestures(), ["Edits"], "a stored scene");
    window.click("undo");
    window.click("redo");
    assert_eq!(window.host.gestures(), ["Edits"; 2]);
    window.click("mute kick");
    window.wait();
    assert_eq!(window.host.gestures(), ["Mute kick"], "a parameter is enough");
    assert_eq!(window.params.edits.value(), 4);
    window.click("undo");
    assert_eq!(window.host.gestures(), ["Mute kick"], "one undo is one undo");
}

#[test]
fn every_edit_is_undone_and_done_again() {
    let mut window = TestWindow::open();
    let place = cell(&window, 8, 4);
    window.click_at(place);
    window.wait();
    window.click(">");
    window.wait();
    window.click("mute kick");
    let state = |window: &TestWindow| {
        let edits = edits(window);
        (edits.locks.count(), edits.rotation, window.params.playback().mutes)
    };
    assert_eq!(state(&window), (1, 1, 1));
    window.click("undo");
    assert_eq!(state(&window), (1, 1, 0));
    window.press(Key::Z, Modifiers::COMMAND);
    window.press(Key::Z, Modifiers::COMMAND);
    assert_eq!(state(&window), (0, 0, 0));
    window.click("redo");
    window.press(Key::Z, Modifiers::COMMAND | Modifiers::SHIFT);
    assert_eq!(state(&window), (1, 1, 0));
    let gestures = window.host.gestures();
    assert_eq!(gestures.iter().filter(|name| *name == "Mute kick").count(), 2);
    assert_eq!(
        gestures.iter().filter(|name| *name == "Edits").count(),
        6,
        "two edits, undone, and done again"
    );
    assert_eq!(gestures.len(), 8);
}

/// In another metre the same place is another step, with locks of its own.
#[test]
fn every_metre_has_its_own_steps_and_locks() {
    for (metre, grid) in [(MetreChoice::Shuffle, Grid::SHUFFLE), (MetreChoice::Three, Grid::THREE)] {
        let mut window = TestWindow::open();
        let take = Take { onsets: beat::Pattern::EMPTY.with(13, 4), ..Take::EMPTY };
        let bank = Bank::new(&[take], 1, grid, Kit::DEFAULT, Settings::DEFAULT, 1);
        window.shared.show(|decoded| decoded.add(2, bank, 0));
        window.click(if metre == MetreChoice::Shuffle { "shuffle" } else { "three" });
        assert_eq!(window.params.metre.value(), metre);
        let area = window.rect("Pattern");
        let width = (area.width() - 6.0) / grid.steps() as f32;
        let place = area.min + Vec2::new(width * 13.5 + 6.0, area.height() / INSTRUMENTS as f32 * 4.5);
        window.click_at(place);
        let shape = window.params.saved.shape();
        assert_eq!(shape.edits(&grid).locks.at(13, 4), Some(false), "what plays there is held off");
        assert_eq!(shape.edits(&Grid::FOUR_FOUR).locks.count(), 0);
        window.click("<");
        assert_eq!(usize::from(window.params.saved.shape().edits(&grid).rotation), grid.steps() - 1);
    }
}

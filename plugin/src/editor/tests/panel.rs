//! The panel: knobs, choices and mutes, phrases, and MIDI files saved and dragged.

use beat::{Bank, Kit, Playback, Playhead, Settings, Take};
use egui::Vec2;
use egui_kittest::kittest::Queryable;
use midly::{Smf, TrackEventKind};

use super::TestWindow;
use crate::capture::{CaptureEvent, Jump};

const GRID: beat::Grid = beat::Grid::FOUR_FOUR;

#[test]
fn a_knob_is_dragged_up_in_one_gesture() {
    let mut window = TestWindow::open();
    let centre = window.rect("Temperature").center();
    window.drag(&[centre, centre - Vec2::new(0.0, 20.0), centre - Vec2::new(0.0, 60.0)]);
    assert!(window.params.temperature.value() > 0.6, "{}", window.params.temperature.value());
    assert_eq!(window.host.gestures(), ["Temperature"]);
}

#[test]
fn a_double_click_resets_a_knob() {
    let mut window = TestWindow::open();
    let centre = window.rect("Gate").center();
    window.drag(&[centre, centre - Vec2::new(0.0, 50.0)]);
    assert_ne!(window.params.gate.value(), 0.5);
    for _ in 0..2 {
        window.harness.drag_at(centre);
        window.harness.drop_at(centre);
    }
    window.harness.run();
    assert_eq!(window.params.gate.value(), 0.5);
    assert!(window.host.gestures().iter().all(|name| name == "Gate"));
}

#[test]
fn the_wheel_turns_a_knob() {
    let mut window = TestWindow::open();
    window.harness.hover_at(window.rect("Swing").center());
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 60.0),
        modifiers: egui::Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run();
    assert!(window.params.swing.value() > 50.0);
    assert!(window.host.gestures().iter().all(|name| name == "Swing"));
}

#[test]
fn a_click_on_a_name_mutes_the_instrument_and_another_brings_it_back() {
    let mut window = TestWindow::open();
    window.click("mute snare");
    assert_eq!(window.params.playback().mutes, 0b10);
    window.click("mute snare");
    assert_eq!(window.params.playback().mutes, Playback::default().mutes);
    assert_eq!(window.host.gestures(), ["Mute snare", "Mute snare"]);
}

#[test]
fn rolling_gives_another_seed() {
    let mut window = TestWindow::open();
    let before = window.params.seed.value();
    window.click("roll the dice");
    assert_ne!(window.params.seed.value(), before);
    assert_eq!(window.host.gestures(), ["Seed"]);
}

#[test]
fn a_value_is_typed() {
    let mut window = TestWindow::open();
    window.click("Temperature value");
    let typed = window.harness.get_by_label("type Temperature");
    typed.type_text("1");
    window.harness.run();
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.harness.run();
    window.harness.event(egui::Event::Text("0.85".to_owned()));
    window.press(egui::Key::Enter, egui::Modifiers::NONE);
    assert!((window.params.temperature.value() - 0.85).abs() < 1e-6);
    assert_eq!(window.host.gestures(), ["Temperature"]);
    assert!(window.harness.query_by_label("type Temperature").is_none());
}

#[test]
fn what_makes_no_value_changes_nothing() {
    let mut window = TestWindow::open();
    for (text, key) in [("loud", egui::Key::Enter), ("0.1", egui::Key::Escape)] {
        window.click("Temperature value");
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        window.harness.event(egui::Event::Text(text.to_owned()));
        window.press(key, egui::Modifiers::NONE);
    }
    assert_eq!(window.host.take(), []);
}

#[test]
fn the_arrows_turn_the_knob_that_has_the_keyboard() {
    let mut window = TestWindow::open();
    window.harness.get_by_label("Variation").focus();
    window.harness.run();
    window.press(egui::Key::ArrowUp, egui::Modifiers::NONE);
    assert_eq!(window.params.settings().variation, 8);
    assert_eq!(window.host.gestures(), ["Variation"]);
}

#[test]
fn a_solo_leaves_the_others_out() {
    let mut window = TestWindow::open();
    window.click("solo kick");
    window.click("solo snare");
    assert_eq!(window.params.playback().mutes, !0b11);
    window.click("solo kick");
    window.click("solo snare");
    assert_eq!(window.params.playback().mutes, 0);
}

#[test]
fn the_scale_is_saved_with_the_project_whether_the_mouse_or_the_keys_chose_it() {
    let mut window = TestWindow::open();
    let scale = |window: &TestWindow| window.params.saved.window_size().scale;
    window.click("100 %");
    window.click("150 %");
    window.harness.run_steps(3);
    assert_eq!(scale(&window), 150);
    for _ in 0..20 {
        window.press(egui::Key::Plus, egui::Modifiers::COMMAND);
    }
    window.harness.run_steps(3);
    assert_eq!((scale(&window), window.harness.ctx.zoom_factor()), (200, 2.0));
}

#[test]
fn phrase_is_one_gesture_and_comes_back_with_undo() {
    let mut window = TestWindow::open();
    window.click("phrase");
    assert!(window.params.settings().phrase);
    window.click("undo");
    assert!(!window.params.settings().phrase);
}

#[test]
fn what_plays_is_continued_until_the_player_goes_back_or_moves_the_puck() {
    let mut window = TestWindow::open();
    let settings = window.params.settings();
    let place = [settings.x, settings.y];
    let first = window.shared.decoded().newest(GRID).map(|bank| bank.takes()[0].onsets);
    window.click("continue");
    let carried = window.params.saved.shape().edits(&GRID).continuation_at(place).copied();
    assert_eq!(carried.map(|carried| (Some(carried.pattern), carried.take)), Some((first, 0)));
    window.set(|params| &params.x, 0.9);
    assert_eq!(window.params.saved.shape().edits(&GRID).continuation_at([0.9, settings.y]), None);
    window.set(|params| &params.x, settings.x);
    window.wait();
    window.click("back");
    assert_eq!(window.params.saved.shape().edits(&GRID).continuation, None);
    window.click("undo");
    assert_eq!(window.params.saved.shape().edits(&GRID).continuation_at(place).copied(), carried);
}

#[test]
fn a_continuation_is_kept_without_the_rotation() {
    let mut window = TestWindow::open();
    let drawn = window.shared.decoded().newest(GRID).map(|bank| bank.takes()[0].onsets);
    window
        .params
        .saved
        .set_shape(&beat::Shape::NONE.with_edits(&GRID, beat::Edits { rotation: 5, ..beat::Edits::NONE }));
    window.harness.run();
    window.click("continue");
    // The bank is not decoded anew, so what is shown counts as rotated by five.
    let carried = window.params.saved.shape().edits(&GRID).continuation.map(|carried| carried.pattern);
    assert_eq!(carried, drawn.map(|drawn| drawn.rotated(5, &GRID)));
}

/// Take k has a kick on step k.
fn window() -> TestWindow {
    let mut window = TestWindow::open();
    let take = |step| Take { onsets: beat::Pattern::EMPTY.with(step, 0), ..Take::EMPTY };
    let bank = Bank::new(&std::array::from_fn::<_, 8, _>(take), 4, GRID, Kit::DEFAULT, Settings::DEFAULT, 1);
    window.shared.show(|decoded| decoded.add(2, bank, 0));
    window.meters.show_committed(2);
    window.meters.show_meter(Some(90.0), Some((4, 4)));
    window.harness.run();
    window
}

/// The sixteenths on which notes begin in the only file that was saved.
fn saved(window: &TestWindow) -> Vec<u32> {
    let files: Vec<_> = std::fs::read_dir(&window.folder).expect("the folder is there").collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let path = files[0].as_ref().expect("its only file").path();
    let bytes = std::fs::read(&path).expect("it can be read");
    let song = Smf::parse(&bytes).expect("a MIDI file");
    let midly::Timing::Metrical(ticks) = song.header.timing else { panic!("ticks of a beat") };
    let mut starts = Vec::new();
    for track in &song.tracks {
        let mut now = 0;
        for event in track {
            now += event.delta.as_int();
            let TrackEventKind::Midi { message: midly::MidiMessage::NoteOn { vel, .. }, .. } = event.kind
            else {
                continue;
            };
            if vel > 0 {
                starts.push(now * 4 / u32::from(ticks.as_int()));
            }
        }
    }
    starts
}

#[test]
fn the_pattern_that_is_shown_is_what_is_saved() {
    let mut window = window();
    window.meters.show_transport(true, false);
    window.meters.show_playhead(Some(Playhead { step: 9, cycle: 6, in_bar: 9 }));
    window.harness.run();
    window.click("save .mid");
    assert_eq!(saved(&window), [2]);
    assert!(window.says("Saved ") && window.says("pattern 90 bpm.mid"));
    assert!(window.says("show"), "there is something to show");
    assert_eq!(window.host.take(), [], "saving changes no parameter");
}

#[test]
fn bars_are_the_songs_first_as_they_will_play() {
    let mut window = window();
    window.click("8 bars");
    window.click("save .mid");
    assert_eq!(saved(&window), [0, 33, 66, 99]);
}

#[test]
fn what_was_played_is_what_is_saved() {
    let mut window = window();
    window.click("played");
    window.click("save .mid");
    assert!(window.says("Nothing to save: no note has been played"));
    assert!(!window.folder.exists() && !window.says("show"));
    {
        let mut recent = window.shared.recent_notes();
        recent.record(CaptureEvent::Jump(Jump { beats: 4.0, into_bar: 0.0, bar_beats: 4.0 }));
        for beats in [4.0, 5.5] {
            recent.record(CaptureEvent::On { beats, channel: 9, note: 36, velocity: 100 });
        }
    }
    window.click("save .mid");
    assert_eq!(saved(&window), [0, 6]);
}

#[test]
fn the_file_is_saved_before_it_is_dragged() {
    let mut window = window();
    let handle = window.rect("drag .mid").center();
    window.drag(&[handle, handle + egui::Vec2::new(30.0, 40.0), egui::Pos2::new(-50.0, 10.0)]);
    let dragged = window.dragged.lock().expect("no test has failed here").clone();
    assert_eq!(dragged.len(), 1, "one movement, one file: {dragged:?}");
    assert!(dragged[0].starts_with(&window.folder) && dragged[0].is_file());
    assert_eq!(saved(&window), [0]);
    assert!(window.says("files can only be dragged under X11: a test has no screen"));
    assert_eq!(window.host.take(), [], "a dragged file moves no puck");
}

#[test]
fn a_click_on_the_handle_drags_nothing() {
    let mut window = window();
    window.click("drag .mid");
    assert!(window.dragged.lock().expect("no test has failed here").is_empty());
    assert!(!window.folder.exists() && window.says("Hold it and drag it"));
}

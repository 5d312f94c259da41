//! The panel: knobs, choices and mutes, phrases, and MIDI files saved and dragged.

use beat::{Bank, Kit, Playback, Playhead, Settings, Take};
use egui::Vec2;
use egui_kittest::kittest::Queryable;
use midly::{Smf, TrackEventKind};

use super::Studio;
use crate::capture::{Played, Seam};

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

#[test]
fn phrase_is_one_gesture_and_comes_back_with_undo() {
    let mut studio = Studio::open();
    studio.click("phrase");
    assert!(studio.params.settings().phrase);
    studio.click("undo");
    assert!(!studio.params.settings().phrase);
}

#[test]
fn what_sounds_is_carried_on_until_the_player_goes_back_or_elsewhere() {
    let mut studio = Studio::open();
    let settings = studio.params.settings();
    let place = [settings.x, settings.y];
    let first = studio.stage.scene().newest().map(|bank| bank.takes()[0].onsets);
    studio.click("continue");
    let carried = studio.params.saved.shape().continuation_at(place).copied();
    assert_eq!(carried.map(|carried| (Some(carried.pattern), carried.take)), Some((first, 0)));
    studio.set(|params| &params.x, 0.9);
    assert_eq!(studio.params.saved.shape().continuation_at([0.9, settings.y]), None);
    studio.set(|params| &params.x, settings.x);
    studio.wait();
    studio.click("back");
    assert_eq!(studio.params.saved.shape().continuation, None);
    studio.click("undo");
    assert_eq!(studio.params.saved.shape().continuation_at(place).copied(), carried);
}

#[test]
fn what_is_carried_on_stays_where_it_was_drawn_under_a_rotation() {
    let mut studio = Studio::open();
    let drawn = studio.stage.scene().newest().map(|bank| bank.takes()[0].onsets);
    studio.params.saved.set_shape(&beat::Shape::NONE.with_rotation(5));
    studio.harness.run();
    studio.click("continue");
    // The studio's bank is not decoded anew: what is shown counts as turned by five.
    let carried = studio.params.saved.shape().continuation.map(|carried| carried.pattern);
    assert_eq!(carried, drawn.map(|drawn| drawn.rotated(5)));
}

/// Take k has a kick on step k.
fn studio() -> Studio {
    let mut studio = Studio::open();
    let take = |step| Take { onsets: beat::Pattern::EMPTY.with(step, 0), ..Take::EMPTY };
    let bank = Bank::new(std::array::from_fn(take), 4, Kit::DEFAULT, Settings::DEFAULT, 1);
    studio.stage.show(|scene| scene.add(2, bank, 0));
    studio.meters.show_committed(2);
    studio.meters.show_meter(Some(90.0), Some((4, 4)));
    studio.harness.run();
    studio
}

/// The sixteenths on which notes begin in the only file that was saved.
fn saved(studio: &Studio) -> Vec<u32> {
    let files: Vec<_> = std::fs::read_dir(&studio.folder).expect("the folder is there").collect();
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
fn the_pattern_that_one_sees_is_what_is_saved() {
    let mut studio = studio();
    studio.meters.show_transport(true, false);
    studio.meters.show_playhead(Some(Playhead { step: 9, cycle: 6 }));
    studio.harness.run();
    studio.click("save .mid");
    assert_eq!(saved(&studio), [2]);
    assert!(studio.says("Saved ") && studio.says("pattern 90 bpm.mid"));
    assert!(studio.says("show"), "there is something to show");
    assert_eq!(studio.host.take(), [], "saving changes no parameter");
}

#[test]
fn bars_are_the_songs_first_as_they_will_play() {
    let mut studio = studio();
    studio.click("8 bars");
    studio.click("save .mid");
    assert_eq!(saved(&studio), [0, 33, 66, 99]);
}

#[test]
fn what_was_played_is_what_the_tape_has() {
    let mut studio = studio();
    studio.click("played");
    studio.click("save .mid");
    assert!(studio.says("Nothing to save: no note has been played"));
    assert!(!studio.folder.exists() && !studio.says("show"));
    {
        let mut tape = studio.stage.tape();
        tape.wind(Played::Seam(Seam { beats: 4.0, into_bar: 0.0, bar_beats: 4.0 }));
        for beats in [4.0, 5.5] {
            tape.wind(Played::On { beats, channel: 9, note: 36, velocity: 100 });
        }
    }
    studio.click("save .mid");
    assert_eq!(saved(&studio), [0, 6]);
}

#[test]
fn the_file_is_saved_before_the_hand_has_it() {
    let mut studio = studio();
    let handle = studio.rect("drag .mid").center();
    studio.drag(&[handle, handle + egui::Vec2::new(30.0, 40.0), egui::Pos2::new(-50.0, 10.0)]);
    let dragged = studio.dragged.lock().expect("no test has failed here").clone();
    assert_eq!(dragged.len(), 1, "one movement, one file: {dragged:?}");
    assert!(dragged[0].starts_with(&studio.folder) && dragged[0].is_file());
    assert_eq!(saved(&studio), [0]);
    assert!(studio.says("files can only be dragged under X11: a test has no screen"));
    assert_eq!(studio.host.take(), [], "a dragged file moves no puck");
}

#[test]
fn a_click_on_the_handle_drags_nothing() {
    let mut studio = studio();
    studio.click("drag .mid");
    assert!(studio.dragged.lock().expect("no test has failed here").is_empty());
    assert!(!studio.folder.exists() && studio.says("Hold it and drag it"));
}

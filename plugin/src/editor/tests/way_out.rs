//! Getting the beat out of the window: the file that a button saves, and the file under the hand.

use beat::{Bank, Kit, Playhead, Settings, Take};
use midly::{Smf, TrackEventKind};

use super::Studio;
use crate::capture::{Played, Seam};

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

//! The demo: the same command leaves the same file, another seed another one.

use end_to_end::create;
use midly::{MidiMessage, Smf, TrackEventKind};
use rig::demo::{BARS, BEATS_PER_BAR, TEMPO, Verdict, Whose, play};
use rig::midi_file::{Song, write};
use rig::model::Card;
use rig::{Format, Mode};
use std::path::Path;

/// The bytes of the MIDI file that the demo writes with these dice.
fn file(seed: u16) -> Vec<u8> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/beatfield.safetensors");
    let card = Card::read(&model).expect("the card of the built-in model");
    let mut instance = create(Format::Clap);
    let played = play(&mut *instance, &card, seed, Mode::Offline, &mut |_| ()).expect("the demo plays");
    let verdict = Verdict::of(&played.recording, Whose::BuiltIn);
    assert_eq!(verdict.complaints, Vec::<String>::new(), "seed {seed}");
    assert!(played.regions.len() >= 2, "the puck came through {:?}", played.regions);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.mid");
    let song = Song {
        title: "Demo",
        track: "Drums",
        tempo: TEMPO,
        time_signature: (4, 4),
        beats: f64::from(BARS) * BEATS_PER_BAR,
    };
    write(&path, &song, &played.recording.notes).expect("the file is written");
    std::fs::read(&path).expect("the file is there")
}

#[test]
fn the_same_command_leaves_the_same_file_and_another_seed_another() {
    let first = file(4711);
    assert_eq!(file(4711), first);
    assert_ne!(file(4712), first);

    let smf = Smf::parse(&first).expect("a MIDI file");
    let mut sounding = std::collections::BTreeSet::new();
    let mut notes = 0;
    let mut tick = 0;
    for event in smf.tracks.last().expect("a track") {
        tick += event.delta.as_int();
        let TrackEventKind::Midi { channel, message } = event.kind else { continue };
        assert_eq!(channel.as_int(), 9);
        match message {
            MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                notes += 1;
                let off = tick % 120;
                assert!(off <= 1 || off == 119, "an onset at tick {tick}");
                assert!(sounding.insert(key), "note {key} is doubled at tick {tick}");
            }
            MidiMessage::NoteOff { key, .. } => assert!(sounding.remove(&key), "a stray note-off"),
            other => panic!("{other:?}"),
        }
    }
    assert!(notes >= 500, "{notes} notes");
    assert!(sounding.is_empty(), "{sounding:?} never end");
}

//! The demo: the same command writes the same files, another seed others, and the audio matches the notes.

use beat::Grid;
use end_to_end::{create, model_file};
use midly::{MetaMessage, MidiMessage, Smf, TrackEventKind};
use rig::demo::files::{Song, write_midi, write_wav};
use rig::demo::{DemoCheck, ModelOrigin, RATE, TEMPO, Tour, onsets, play, time_signature};
use rig::hosts::saved_state::ModelCard;
use rig::{Mode, PluginFormat};

/// The bytes of the MIDI file and of the WAV file that the demo writes for a tour with this seed.
fn files(tour: Tour, seed: u16) -> [Vec<u8>; 2] {
    files_in(Grid::FOUR_FOUR, tour, seed)
}

/// The same in another metre.
fn files_in(grid: Grid, tour: Tour, seed: u16) -> [Vec<u8>; 2] {
    let card = ModelCard::read(&model_file(&grid)).expect("the card of the built-in model");
    let mut instance = create(PluginFormat::Clap);
    let played = play(&mut instance, &card, tour, grid, seed, Mode::Offline, &mut |_| ());
    let played = played.expect("the demo plays");
    let check = DemoCheck::of_demo(&played, ModelOrigin::BuiltIn);
    assert_eq!(check.complaints, Vec::<String>::new(), "seed {seed}");
    assert!(played.regions.len() >= 2, "the puck came through {:?}", played.regions);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.mid");
    let song = Song {
        title: "Demo",
        track: "Drums",
        tempo: TEMPO,
        time_signature: time_signature(&grid),
        beats: f64::from(tour.bars()) * grid.bar_beats(),
    };
    write_midi(&path, &song, &played.recording.notes).expect("the file is written");
    let sound = path.with_extension("wav");
    write_wav(&sound, RATE as u32, &played.audio).expect("the file is written");
    [path, sound].map(|path| std::fs::read(path).expect("the file is there"))
}

/// Left and right of a WAV file as the demo writes it.
fn samples(wav: &[u8]) -> [Vec<f32>; 2] {
    let mut reader = hound::WavReader::new(wav).expect("a WAV file");
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.bits_per_sample, spec.sample_rate), (2, 16, 48_000));
    let whole: Vec<i16> = reader.samples().map(|sample| sample.expect("a sample")).collect();
    [0, 1]
        .map(|side| whole.iter().skip(side).step_by(2).map(|sample| f32::from(*sample) / 32_767.0).collect())
}

/// The samples at which the notes of the demo's MIDI file start.
fn starts(mid: &[u8]) -> Vec<u64> {
    let smf = Smf::parse(mid).expect("a MIDI file");
    let mut tick = 0;
    let mut starts = Vec::new();
    for event in smf.tracks.last().expect("a track") {
        tick += u64::from(event.delta.as_int());
        if let TrackEventKind::Midi { message: MidiMessage::NoteOn { .. }, .. } = event.kind {
            // 480 ticks a beat, 24,000 samples a beat.
            starts.push(tick * 50);
        }
    }
    starts
}

#[test]
fn the_same_command_writes_the_same_files_and_another_seed_others() {
    let [first, wav] = files(Tour::Journey, 4711);
    assert!(files(Tour::Journey, 4711) == [first.clone(), wav.clone()]);
    assert_ne!(files(Tour::Journey, 4712)[0], first);

    let (audio, starts) = (samples(&wav), starts(&first));
    assert!((0.1..0.999).contains(&onsets::peak(&audio)), "{}", onsets::peak(&audio));
    let matched = onsets::match_onsets(&onsets::detect(&audio, RATE), &starts, RATE);
    assert!(matched.recall > 0.85 && matched.precision > 0.95, "{matched:?}");

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

/// The check counts every note that lies off the steps of its grid.
#[test]
fn every_metre_plays_its_own_field() {
    for grid in [Grid::SHUFFLE, Grid::THREE] {
        let [first, _] = files_in(grid, Tour::Journey, 4711);
        assert_eq!(files_in(grid, Tour::Journey, 4711)[0], first);
        let smf = Smf::parse(&first).expect("a MIDI file");
        let metas = smf.tracks.iter().flatten().filter_map(|event| match event.kind {
            TrackEventKind::Meta(MetaMessage::TimeSignature(upper, lower, ..)) => Some((upper, lower)),
            _ => None,
        });
        assert_eq!(metas.collect::<Vec<_>>(), [(time_signature(&grid).0, 2)]);
    }
}

#[test]
fn four_phrases_are_the_same_each_time_and_another_seed_plays_others() {
    let [first, _] = files(Tour::Phrases, 7);
    assert_eq!(files(Tour::Phrases, 7)[0], first);
    assert_ne!(files(Tour::Phrases, 8)[0], first);
}

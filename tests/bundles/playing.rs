//! Notes: on the grid, on their channel, whatever the host's block sizes.

use crate::sessions::{
    assert_clean, blocks, bounce, each_format, note_list, odd_blocks, perform, play, play_busily,
    samples_off_grid, steps,
};
use rig::{Mode, Setup};

#[test]
fn every_note_starts_on_a_step_on_channel_ten_and_ends() {
    each_format(|instance| {
        for (rate, tempo) in [(48_000.0, 120.0), (44_100.0, 93.7), (96_000.0, 181.3)] {
            let setup = Setup { rate, ..Setup::new(Mode::Offline) };
            let recording = perform(instance, setup, |session| {
                play_busily(session)?;
                session.transport().set_tempo(tempo);
                play(session, 16.0, odd_blocks(3, 2000))
            });
            assert_clean(&recording, 40);
            for note in &recording.notes {
                assert_eq!(note.channel, 9);
                let off = samples_off_grid(note, rate * 60.0 / tempo);
                assert!(off <= 0.501, "{off} samples off at {tempo} BPM and {rate} Hz: {note:?}");
            }
        }
    });
}

#[test]
fn the_sizes_of_blocks_do_not_change_the_notes() {
    each_format(|instance| {
        let mut play = |sizes: &mut dyn Iterator<Item = u32>| {
            let recording = bounce(instance, |session| {
                play_busily(session)?;
                play(session, 17.0, sizes)
            });
            assert_clean(&recording, 40);
            note_list(&recording)
        };
        let expected = play(&mut blocks(512));
        assert_eq!(play(&mut blocks(64)), expected);
        assert_eq!(play(&mut blocks(8192)), expected);
        assert_eq!(play(&mut odd_blocks(1, 8192)), expected);
        assert_eq!(play(&mut odd_blocks(2, 37)), expected);
    });
}

#[test]
fn tempo_changes_keep_every_step_once() {
    each_format(|instance| {
        let played = |tempos: &[f64], instance: &mut rig::Instance| {
            let recording = bounce(instance, |session| {
                play_busily(session)?;
                session.transport().play();
                for tempo in tempos {
                    session.transport().set_tempo(*tempo);
                    session.render_beats(16.0 / tempos.len() as f64, odd_blocks(5, 700))?;
                }
                session.transport().stop();
                session.render(64)
            });
            assert_clean(&recording, 40);
            steps(&recording, 0.0, 15.75)
        };
        let steady = played(&[120.0], instance);
        assert_eq!(played(&[40.0, 200.0, 73.3, 311.0, 120.0, 90.0, 91.0], instance), steady);
    });
}

#[test]
fn positions_rounded_as_ardour_rounds_them_double_and_lose_nothing() {
    each_format(|instance| {
        let play = |grid: Option<f64>, instance: &mut rig::Instance| {
            let recording = bounce(instance, |session| {
                play_busily(session)?;
                session.transport().set_grid(grid);
                play(session, 16.0, blocks(256))
            });
            assert_clean(&recording, 40);
            // The step on which the song stops belongs to the rounding.
            steps(&recording, 0.0, 16.0)
        };
        assert_eq!(play(Some(1.0 / 1920.0), instance), play(None, instance));
    });
}

#[test]
fn a_pre_roll_is_silent_and_the_song_starts_on_its_first_step() {
    each_format(|instance| {
        let recording = bounce(instance, |session| {
            play_busily(session)?;
            session.transport().seek(-4.0);
            play(session, 8.0, blocks(1000))
        });
        assert_clean(&recording, 10);
        let first = recording.notes.first().map_or(0.0, |note| note.start_beats);
        assert!(first > -1e-4, "a note at beat {first} before the song");
        let plain = bounce(instance, |session| {
            play_busily(session)?;
            play(session, 4.0, blocks(1000))
        });
        let late: Vec<_> = note_list(&plain)
            .into_iter()
            .map(|(start, end, note, velocity)| (start + 96_000, end + 96_000, note, velocity))
            .collect();
        assert_eq!(note_list(&recording), late);
    });
}

#[test]
fn the_channel_is_a_parameter_and_mutes_silence() {
    each_format(|instance| {
        let recording = bounce(instance, |session| {
            play_busily(session)?;
            session.set_text("Channel", "3")?;
            play(session, 4.0, blocks(500))
        });
        assert_clean(&recording, 10);
        assert!(recording.notes.iter().all(|note| note.channel == 2));

        let mutes: Vec<_> = instance
            .parameters()
            .iter()
            .filter(|parameter| parameter.name.starts_with("Mute"))
            .map(|parameter| parameter.id)
            .collect();
        assert_eq!(mutes.len(), beat::INSTRUMENTS);
        let recording = bounce(instance, |session| {
            for mute in &mutes {
                session.set(*mute, 1.0);
            }
            session.transport().play();
            session.render_beats(8.0, blocks(500))
        });
        assert_clean(&recording, 0);
        assert_eq!(recording.notes, []);
    });
}

//! Note-offs: after a stop, a seek, a loop, bypass or a deactivation, no note hangs.

use crate::sessions::{
    assert_clean, blocks, bounce, each, each_format, note_list, odd_blocks, perform, play, play_busily,
};
use beat::NoteKind;
use end_to_end::create;
use rig::{HostBehaviour, HostError, Instance, LoopWrap, Mode, NoteFault, PluginFormat, Session, Setup};

/// Plays with the longest gate until a note sounds at the end of a block.
fn play_until_a_note_sounds(session: &mut Session<'_>) -> Result<(), HostError> {
    play_busily(session)?;
    session.set_text("Gate", "100")?;
    session.transport().play();
    for size in blocks(500).take(2000) {
        session.render(size)?;
        if session.recorder().sounding() > 0 {
            return Ok(());
        }
    }
    panic!("no note in 20 seconds");
}

/// Asserts that the block after `action` ends every note.
fn nothing_sounds_after(instance: &mut Instance, action: impl Fn(&mut Session<'_>) -> Result<(), HostError>) {
    let recording = bounce(instance, |session| {
        play_until_a_note_sounds(session)?;
        let sounding = session.recorder().sounding();
        action(session)?;
        session.render(1)?;
        let offs = session.last_events().iter().filter(|event| event.kind == NoteKind::Off).count();
        assert_eq!(offs, sounding, "every note has its own note-off in the next block");
        session.transport().stop();
        session.render(64)
    });
    assert_clean(&recording, 1);
}

#[test]
fn a_stop_ends_every_note_at_once() {
    each_format(|instance| {
        nothing_sounds_after(instance, |session| {
            session.transport().stop();
            Ok(())
        });
    });
}

#[test]
fn a_seek_ends_every_note_at_once() {
    each_format(|instance| {
        for target in [100.03, 0.0, -3.0] {
            nothing_sounds_after(instance, |session| {
                session.transport().seek(target);
                Ok(())
            });
        }
    });
}

#[test]
fn a_reset_ends_every_note_with_the_next_block() {
    each_format(|instance| {
        nothing_sounds_after(instance, |session| session.reset());
    });
}

#[test]
fn bypass_ends_every_note_and_then_is_silent() {
    each_format(|instance| {
        nothing_sounds_after(instance, |session| {
            let bypass = session.instance().parameter("Bypass")?;
            session.set(bypass, 1.0);
            Ok(())
        });
        let recording = bounce(instance, |session| {
            let bypass = session.instance().parameter("Bypass")?;
            session.set(bypass, 1.0);
            session.transport().play();
            session.render_beats(8.0, blocks(480))?;
            assert_eq!(session.recorder().sounding(), 0);
            session.set(bypass, 0.0);
            session.render_beats(8.0, blocks(480))?;
            session.transport().stop();
            session.render(64)
        });
        assert_clean(&recording, 10);
        let first = recording.notes.first().map_or(0.0, |note| note.start_beats);
        assert!(first >= 8.0 - 1e-4, "a bypassed plugin played at beat {first}");
    });
}

#[test]
fn a_loop_plays_the_same_notes_each_time_and_leaves_none() {
    each_format(|instance| {
        for wrap in [LoopWrap::Split, LoopWrap::Announced, LoopWrap::Silent] {
            if wrap == LoopWrap::Announced && instance.format() == PluginFormat::Vst3 {
                continue; // VST3 cannot send it
            }
            let behaviour = HostBehaviour { loop_wrap: wrap, ..HostBehaviour::default() };
            let setup = Setup { behaviour, ..Setup::new(Mode::Offline) };
            let recording = perform(instance, setup, |session| {
                play_busily(session)?;
                session.transport().set_loop(Some(2.0..6.0));
                session.transport().seek(2.0);
                play(session, 16.0, odd_blocks(9, 3000))
            });
            assert_clean(&recording, 16);
            // Four passes of 96,000 samples each.
            let pass = |index: u64| {
                let notes = recording.notes.iter().filter(|note| note.start / 96_000 == index);
                notes.map(|note| (note.start % 96_000, note.note)).collect::<Vec<_>>()
            };
            for index in 1..4 {
                assert_eq!(pass(index), pass(0), "pass {index} of a loop that wraps {wrap:?}");
            }
        }
    });
}

#[test]
fn notes_of_a_device_that_was_switched_off_end_when_it_comes_back() {
    each_format(|instance| {
        let mut session = Session::start(instance, Setup::new(Mode::Offline), 120.0).expect("it activates");
        play_until_a_note_sounds(&mut session).expect("it plays");
        let recording = session.finish().expect("it deactivates");
        let hanging: Vec<(u8, u8)> = recording
            .faults
            .iter()
            .filter(|(_, fault, _)| *fault == NoteFault::Hanging)
            .map(|(_, _, event)| (event.channel, event.note))
            .collect();
        assert!(!hanging.is_empty(), "a note sounded when the device was switched off");

        let mut session = Session::start(instance, Setup::new(Mode::Offline), 120.0).expect("it activates");
        session.render(64).expect("it plays");
        let ended: Vec<(u8, u8)> = session
            .last_events()
            .iter()
            .filter(|event| event.kind == NoteKind::Off)
            .map(|event| (event.channel, event.note))
            .collect();
        for note in hanging {
            assert!(ended.contains(&note), "{note:?} never ends; ended were {ended:?}");
        }
        session.finish().expect("it deactivates");
    });
}

#[test]
fn eight_instances_at_once_play_as_one_alone_does() {
    each(|format| {
        let setup = Setup::new(Mode::Offline);
        let mut instances: Vec<_> = (0..8).map(|_| create(format)).collect();
        let mut sessions: Vec<Session<'_>> = instances
            .iter_mut()
            .map(|instance| Session::start(instance, setup, 120.0).expect("it activates"))
            .collect();
        for session in &mut sessions {
            session.set_bounce(setup.mode).expect("a Bounce parameter");
            play_busily(session).expect("its parameters");
            session.transport().play();
        }
        // One block of each in turn, as in a DAW.
        for size in blocks(512).take(188) {
            for session in &mut sessions {
                session.render(size).expect("it plays");
            }
        }
        let mut played = Vec::new();
        for mut session in sessions {
            session.transport().stop();
            session.render(64).expect("it stops");
            let recording = session.finish().expect("it deactivates");
            assert_clean(&recording, 8);
            played.push(note_list(&recording));
        }
        assert!(played.iter().all(|notes| *notes == played[0]), "equal settings, equal notes");
    });
}

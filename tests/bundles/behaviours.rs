//! Hosts that differ from the usual one: no behaviour crashes the plugin, or makes it send faulty events.

use crate::sessions::{
    assert_clean, assert_no_faults, blocks, bounce, each_format, note_list, perform, play, play_busily,
};
use beat::{NoteEvent, NoteKind};
use end_to_end::create;
use rig::hosts::saved_state::with_field;
use rig::{
    BarReport, HostBehaviour, LoopWrap, Mode, NoteOutput, OutputChannels, PluginFormat, Session, Setup,
};

#[test]
fn no_behaviour_of_a_host_crashes_the_plugin() {
    each_format(|instance| {
        for note_output in [NoteOutput::Refused, NoteOutput::Missing, NoteOutput::Recorded] {
            for channels in [OutputChannels::None, OutputChannels::Mono, OutputChannels::Stereo] {
                for bars in [BarReport::SignatureAlone, BarReport::StartAndNumber] {
                    let behaviour =
                        HostBehaviour { note_output, channels, bars, loop_wrap: LoopWrap::PastEnd };
                    let setup = Setup { behaviour, ..Setup::new(Mode::Offline) };
                    let recording = perform(instance, setup, |session| {
                        play_busily(session)?;
                        session.transport().set_time_signature(7, 8);
                        session.transport().set_loop(Some(1.0..2.1));
                        play(session, 4.0, blocks(480))?;
                        let beats = session.transport().beats();
                        assert!((beats - 4.0).abs() < 1e-6, "the song goes on behind its loop: {beats}");
                        Ok(())
                    });
                    assert_no_faults(&recording);
                    if note_output != NoteOutput::Recorded {
                        assert_eq!(recording.notes.len(), 0, "{behaviour:?}");
                    }
                }
            }
        }
    });
}

/// The end of a note was lost where its block had no list, and the note hung.
#[test]
fn notes_end_where_the_host_has_a_list_in_every_other_block_only() {
    each_format(|instance| {
        for size in [64, 480, 2048] {
            let behaviour =
                HostBehaviour { note_output: NoteOutput::EveryOtherBlock, ..HostBehaviour::default() };
            let recording = perform(instance, Setup { behaviour, ..Setup::new(Mode::Offline) }, |session| {
                play_busily(session)?;
                play(session, 8.0, blocks(size))?;
                session.render(size)
            });
            assert_clean(&recording, 10);
        }
    });
}

#[test]
fn a_choke_ends_a_scene_that_a_note_holds() {
    let played = |script: fn(&mut Session<'_>)| {
        let mut instance = create(PluginFormat::Clap); // VST3 has no choke
        let state = instance.save().expect("the plugin saves");
        let scene = r#"[{"x":0.1,"y":0.9,"temperature":0.9,"seed":3}]"#;
        let state = with_field(&state, "scenes", scene).expect("a state with fields");
        instance.load(&state).expect("the plugin opens it");
        let recording = perform(&mut instance, Setup::new(Mode::Offline), |session| {
            play_busily(session)?;
            script(session);
            play(session, 4.0, blocks(480))
        });
        assert_clean(&recording, 4);
        note_list(&recording)
    };
    fn hold(session: &mut Session<'_>) {
        let kind = NoteKind::On { velocity: 100 };
        session.play_note(NoteEvent { sample: 0, channel: 9, note: 0, kind });
    }
    fn render(session: &mut Session<'_>) {
        session.render(480).expect("the plugin plays");
    }
    let without = played(render);
    let held = played(|session| {
        hold(session);
        render(session);
    });
    assert_ne!(held, without, "the note holds scene A");
    let choked = played(|session| {
        hold(session);
        render(session);
        session.choke(9, 0);
    });
    assert_eq!(choked, without);
}

#[test]
fn bars_are_counted_through_a_change_of_signature_whatever_the_host_says_of_them() {
    let play = |format, bars, start: f64| {
        let behaviour = HostBehaviour { bars, ..HostBehaviour::default() };
        let recording =
            perform(&mut create(format), Setup { behaviour, ..Setup::new(Mode::Offline) }, |session| {
                play_busily(session)?;
                session.set_text("Metre", "4/4")?;
                session.set_text("Bars", "Host bars")?;
                session.transport().play();
                session.render_beats(16.0, blocks(480))?;
                session.transport().set_time_signature(7, 8);
                session.render_beats(21.0, blocks(480))?;
                session.transport().seek(start);
                session.render_beats(14.0, blocks(480))?;
                session.transport().stop();
                session.render(64)
            });
        assert_no_faults(&recording);
        note_list(&recording)
    };
    for start in [16.0, 26.5] {
        let expected = play(PluginFormat::Clap, BarReport::StartAndNumber, start);
        assert!(expected.len() > 60);
        for (format, bars) in [
            (PluginFormat::Vst3, BarReport::StartAndNumber),
            (PluginFormat::Vst3, BarReport::SignatureAlone),
            (PluginFormat::Clap, BarReport::SignatureAlone),
        ] {
            assert!(play(format, bars, start) == expected, "{format:?}, {bars:?}, back to {start}");
        }
    }
}

/// The framework refuses such values in both formats; what an instance itself makes of them is tested in the plugin.
#[test]
fn automation_that_is_no_number_changes_nothing() {
    each_format(|instance| {
        let mut play = |values: &[f64]| {
            bounce(instance, |session| {
                play_busily(session)?;
                session.set_text("X", "0.3")?;
                session.transport().play();
                for value in values.iter().cycle().take(8 * 50) {
                    let ids: Vec<_> =
                        session.instance().parameters().iter().map(|parameter| parameter.id).collect();
                    for id in ids.into_iter().filter(|_| !value.is_finite()) {
                        session.set(id, *value);
                    }
                    session.render(480)?;
                }
                session.transport().stop();
                session.render(64)
            })
        };
        let expected = play(&[0.0]);
        assert_clean(&expected, 20);
        assert_eq!(play(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0]), expected);
    });
}

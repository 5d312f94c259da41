//! Hosts that differ from the usual one: no behaviour crashes the plugin, or makes it send faulty events.

use crate::sessions::{
    assert_clean, assert_no_faults, blocks, bounce, each_format, note_list, perform, play, play_busily,
};
use end_to_end::create;
use rig::{BarReport, HostBehaviour, LoopWrap, Mode, NoteOutput, OutputChannels, PluginFormat, Setup};

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

#[test]
fn a_choke_while_a_note_is_held_is_taken() {
    each_format(|instance| {
        if instance.format() == PluginFormat::Vst3 {
            return; // VST3 has no choke
        }
        let recording = perform(instance, Setup::new(Mode::Offline), |session| {
            session.choke(9, 36);
            play_busily(session)?;
            play(session, 4.0, blocks(480))
        });
        assert_clean(&recording, 4);
    });
}

#[test]
fn bars_are_counted_through_a_change_of_signature_whatever_the_host_says_of_them() {
    let play = |format, bars, start: f64| {
        let behaviour = HostBehaviour { bars, ..HostBehaviour::default() };
        let recording =
            perform(&mut create(format), Setup { behaviour, ..Setup::new(Mode::Offline) }, |session| {
                play_busily(session)?;
                session.set_text("Grid", "Host bars")?;
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

//! Hosts that differ from the usual one: no behaviour crashes the plugin, or makes it send faulty events.

use crate::sessions::{assert_clean, assert_no_faults, blocks, each_format, perform, play, play_busily};
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

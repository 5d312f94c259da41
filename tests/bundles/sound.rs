//! The built-in kit in the real bundles: what it plays, when and how loud.

use crate::sessions::{blocks, each_format, note_list, odd_blocks, play, play_busily};
use beat::{NoteEvent, NoteKind};
use rig::{
    HostBehaviour, HostError, Instance, Mode, NoteOutput, OutputChannels, RecordedNote, Recording, Session,
    Setup,
};

/// The notes of a session, and left and right of its audio.
struct Rendering {
    recording: Recording,
    audio: [Vec<f32>; 2],
}

impl Rendering {
    fn peak(&self) -> f32 {
        self.audio.iter().flatten().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    fn first_sound(&self) -> Option<usize> {
        (0..self.audio[0].len()).find(|at| self.audio.iter().any(|side| side[*at] != 0.0))
    }
}

fn render(
    instance: &mut Instance,
    rate: f64,
    script: impl FnOnce(&mut Session<'_>) -> Result<(), HostError>,
) -> Rendering {
    render_in(instance, Setup { rate, ..Setup::new(Mode::Offline) }, script)
}

fn render_in(
    instance: &mut Instance,
    setup: Setup,
    script: impl FnOnce(&mut Session<'_>) -> Result<(), HostError>,
) -> Rendering {
    let mut session = Session::start(instance, setup, 120.0).expect("the plugin activates");
    session.set_bounce(setup.mode).expect("the plugin has a Bounce parameter");
    session.keep_audio();
    script(&mut session).expect("the plugin plays");
    let audio = session.take_audio();
    Rendering { recording: session.finish().expect("the plugin deactivates"), audio }
}

/// Two dense bars, then the decay.
fn two_bars(session: &mut Session<'_>, sizes: impl IntoIterator<Item = u32>) -> Result<(), HostError> {
    play_busily(session)?;
    play(session, 8.0, sizes)
}

#[test]
fn play_makes_sound_at_once_whatever_the_blocks_and_never_too_loud() {
    each_format(|instance| {
        let expected = render(instance, 48_000.0, |session| two_bars(session, blocks(512)));
        assert!((0.1..=0.98).contains(&expected.peak()), "the peak is {}", expected.peak());
        let first = expected.recording.notes.first().map(|note: &RecordedNote| note.start as usize);
        let sound = expected.first_sound().expect("a sound");
        assert!(first.is_some_and(|first| sound >= first && sound < first + 24), "{sound} after {first:?}");
        let odd = render(instance, 48_000.0, |session| two_bars(session, odd_blocks(9, 900)));
        assert!(odd.audio == expected.audio, "the sizes of blocks change the sound");
    });
}

#[test]
fn every_note_sounds_at_its_sample() {
    each_format(|instance| {
        for rate in [44_100.0, 96_000.0] {
            let rendering = render(instance, rate, |session| {
                for instrument in beat::DEFAULT_INSTRUMENT_NAMES {
                    // The snare alone, whose noise has a sharp attack.
                    let muted = if instrument == "snare" { 0.0 } else { 1.0 };
                    let mute = session.instance().parameter(&format!("Mute {instrument}"))?;
                    session.set(mute, muted);
                }
                two_bars(session, blocks(300))
            });
            assert!(!rendering.recording.notes.is_empty(), "a snare somewhere");
            for note in &rendering.recording.notes {
                let (at, before) = (note.start as usize, (0.004 * rate) as usize);
                let jump = |at: usize| (rendering.audio[0][at + 2] - rendering.audio[0][at]).abs();
                let quiet = (at.saturating_sub(before)..at.saturating_sub(4)).map(jump).fold(0.0, f32::max);
                let loud = (at..at + before).map(jump).fold(0.0, f32::max);
                assert!(loud > 3.0 * quiet, "{note:?} at {rate} Hz: {quiet} before it, {loud} behind it");
            }
        }
    });
}

#[test]
fn level_and_notes_out_switch_separately() {
    each_format(|instance| {
        let mut play = |level: &str, notes_out: &str| {
            render(instance, 48_000.0, |session| {
                session.set_text("Kit level", level)?;
                session.set_text("Notes out", notes_out)?;
                two_bars(session, blocks(256))
            })
        };
        let both = play("80 %", "On");
        assert!(both.peak() > 0.1 && !both.recording.notes.is_empty());
        let notes = play("off", "On");
        assert_eq!(notes.peak(), 0.0, "an off kit is silent");
        assert_eq!(notes.recording.notes, both.recording.notes);
        let sound = play("80 %", "Off");
        assert!(sound.recording.notes.is_empty() && sound.recording.faults.is_empty());
        assert!(sound.audio == both.audio, "the kit plays on");
    });
}

#[test]
fn notes_out_that_is_switched_off_leaves_no_note_behind() {
    each_format(|instance| {
        let rendering = render(instance, 48_000.0, |session| {
            session.set_text("Gate", "100 %")?;
            play_busily(session)?;
            session.transport().play();
            for (block, word) in ["On", "Off", "On", "Off"].into_iter().cycle().take(60).enumerate() {
                session.set_text("Notes out", word)?;
                session.render(1_000 + 37 * block as u32)?;
            }
            session.transport().stop();
            session.render(64)
        });
        assert!(rendering.recording.faults.is_empty(), "{:?}", rendering.recording.faults);
        assert!(!rendering.recording.notes.is_empty());
    });
}

#[test]
fn incoming_notes_play_the_kit_while_the_song_stands() {
    each_format(|instance| {
        let rendering = render(instance, 48_000.0, |session| {
            session.render(480)?;
            let kind = NoteKind::On { velocity: 120 };
            session.play_note(NoteEvent { sample: 100, channel: 0, note: 38, kind });
            session.render(480)?;
            session.render_beats(4.0, blocks(480)) // two seconds
        });
        assert!(rendering.recording.notes.is_empty(), "what comes in does not pass through");
        assert!(
            (580..584).contains(&rendering.first_sound().expect("a snare")),
            "{:?}",
            rendering.first_sound()
        );
        let tail = rendering.audio[0].iter().rposition(|sample| *sample != 0.0).expect("a snare");
        assert!(tail < 48_000, "exact silence behind it");
    });
}

#[test]
fn the_kit_sounds_whatever_becomes_of_its_notes() {
    each_format(|instance| {
        let mut play = |note_output| {
            let behaviour = HostBehaviour { note_output, ..HostBehaviour::default() };
            let setup = Setup { behaviour, ..Setup::new(Mode::Offline) };
            render_in(instance, setup, |session| two_bars(session, blocks(512))).audio
        };
        let expected = play(NoteOutput::Recorded);
        assert!(expected[0].iter().any(|sample| sample.abs() > 0.1));
        for note_output in [NoteOutput::Missing, NoteOutput::Refused, NoteOutput::EveryOtherBlock] {
            assert!(play(note_output) == expected, "{note_output:?} changes the sound");
        }
    });
}

#[test]
fn one_channel_has_both_sides_mixed_and_the_same_notes() {
    each_format(|instance| {
        let mut play = |channels| {
            let behaviour = HostBehaviour { channels, ..HostBehaviour::default() };
            let setup = Setup { behaviour, ..Setup::new(Mode::Offline) };
            render_in(instance, setup, |session| two_bars(session, blocks(512)))
        };
        let (stereo, mono) = (play(OutputChannels::Stereo), play(OutputChannels::Mono));
        assert!(!mono.recording.notes.is_empty());
        assert_eq!(mono.recording, stereo.recording);
        let [left, right] = &stereo.audio;
        let mixed = left.iter().zip(right).map(|(left, right)| 0.5 * (left + right));
        assert!(mixed.eq(mono.audio[0].iter().copied()), "mono is not the mix of both sides");
    });
}

#[test]
fn a_bounce_minus_the_live_take_is_silence() {
    // A sixteenth lasts 5512.5 samples.
    each_format(|instance| {
        let mut play = |mode, size| {
            let setup = Setup { rate: 44_100.0, ..Setup::new(mode) };
            render_in(instance, setup, |session| {
                session.transport().seek(0.0);
                two_bars(session, blocks(size))
            })
        };
        let bounced = play(Mode::Offline, 512);
        assert!(bounced.peak() > 0.1);
        for size in [64, 100, 128, 256, 441, 512, 1024] {
            // The beat is decoded by now, so live play has it from the first step on.
            let live = play(Mode::Realtime, size);
            assert!(note_list(&live.recording) == note_list(&bounced.recording), "blocks of {size}");
            let both = bounced.audio.iter().zip(&live.audio);
            let differs = both.flat_map(|(a, b)| a.iter().zip(b)).position(|(a, b)| a != b);
            assert_eq!(differs, None, "blocks of {size}");
        }
    });
}

//! Steps as a MIDI file: one track on channel 10 that ends where the last bar ends, as any DAW takes it.
//!
//! The grid is 480 ticks a beat, so a sixteenth is 120. (The packs of the paper's authors have 120 ticks a
//! sixteenth at 360 a beat, which a DAW reads as triplets, and no note-offs.)

use anyhow::Result;
use beat::{INSTRUMENTS, Kit};
use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

pub(crate) const TICKS_A_BEAT: u16 = 480;
pub(crate) const TICKS_A_STEP: u32 = 120;
/// Half a step: a drum that is hit on every sixteenth still ends before it starts again.
const NOTE_TICKS: u32 = 60;
/// Channel 10, counted from 0.
const DRUMS: u8 = 9;

/// The bytes of one file. `steps` has a hit of instrument `i` of `kit` at bit `i`, and `velocity` says how
/// hard it is hit at a step; `bpm` is quarter notes a minute.
pub(crate) fn midi_file(
    name: &str,
    bpm: f64,
    kit: &Kit,
    steps: &[u16],
    velocity: impl Fn(usize, usize) -> u8,
) -> Result<Vec<u8>> {
    let mut events: Vec<(u32, TrackEventKind)> = vec![
        (0, TrackEventKind::Meta(MetaMessage::TrackName(name.as_bytes()))),
        (0, TrackEventKind::Meta(MetaMessage::Tempo(u24::new((60e6 / bpm).round() as u32)))),
        (0, TrackEventKind::Meta(MetaMessage::TimeSignature(4, 2, 24, 8))),
    ];
    for (step, hits) in steps.iter().enumerate() {
        let start = step as u32 * TICKS_A_STEP;
        let hit = || (0..INSTRUMENTS).filter(|instrument| hits >> instrument & 1 == 1);
        let key = |instrument: usize| u7::new(kit.note(instrument));
        let midi = |message| TrackEventKind::Midi { channel: u4::new(DRUMS), message };
        for instrument in hit() {
            let vel = u7::new(velocity(step, instrument).clamp(1, 127));
            events.push((start, midi(MidiMessage::NoteOn { key: key(instrument), vel })));
        }
        for instrument in hit() {
            let vel = u7::new(0);
            events.push((start + NOTE_TICKS, midi(MidiMessage::NoteOff { key: key(instrument), vel })));
        }
    }
    events.push((steps.len() as u32 * TICKS_A_STEP, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
    let mut last = 0;
    let track = events.into_iter().map(|(tick, kind)| {
        let delta = u28::new(tick - last);
        last = tick;
        TrackEvent { delta, kind }
    });
    let timing = Timing::Metrical(u15::new(TICKS_A_BEAT));
    let mut smf = Smf::new(Header::new(Format::SingleTrack, timing));
    smf.tracks.push(track.collect());
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

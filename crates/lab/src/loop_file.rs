//! Steps as a MIDI file: one track on channel 10 that ends with the last bar.
//!
//! A sixteenth is 120 ticks at 480 a beat. (The packs of the paper's authors have 120 ticks a sixteenth at 360 a
//! beat, which a DAW reads as triplets, and no note-offs.)

use anyhow::Result;
use beat::{INSTRUMENTS, Kit, STEP_BEATS, STEPS_PER_BEAT};
use score::{Note, Song};

/// Channel 10, counted from 0.
const DRUM_CHANNEL: u8 = 9;

/// The bytes of one file. `steps` has a hit of instrument `i` of `kit` at bit `i`, and `velocity` gives the MIDI
/// velocity of an instrument at a step; `bpm` is quarter notes a minute.
pub(crate) fn midi_file(
    name: &str,
    bpm: f64,
    kit: &Kit,
    steps: &[u16],
    velocity: impl Fn(usize, usize) -> u8,
) -> Result<Vec<u8>> {
    let mut notes = Vec::new();
    for (step, hits) in steps.iter().enumerate() {
        for instrument in (0..INSTRUMENTS).filter(|instrument| hits >> instrument & 1 == 1) {
            notes.push(Note {
                beats: step as f64 * STEP_BEATS,
                // Half a step: a drum that is hit on every sixteenth still ends before it starts again.
                length_beats: STEP_BEATS / 2.0,
                channel: DRUM_CHANNEL,
                note: kit.note(instrument),
                velocity: velocity(step, instrument).clamp(1, 127),
            });
        }
    }
    let beats = steps.len() as f64 / STEPS_PER_BEAT as f64;
    let song = Song { title: name, track: name, tempo: bpm, time_signature: (4, 4), beats };
    Ok(score::to_single_track_bytes(&song, &notes)?)
}

//! A recording as files: the notes as a Standard MIDI File, the audio as a WAV file of 16 bits.

use crate::RecordedNote;
use score::write_whole;
use std::path::Path;

pub use score::{FileError, Song, TICKS_A_BEAT};

/// Writes `notes` to `path`, whole or not at all, each at its song position.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write_midi(path: &Path, song: &Song<'_>, notes: &[RecordedNote]) -> Result<(), FileError> {
    let notes: Vec<score::Note> = notes
        .iter()
        .map(|note| score::Note {
            beats: note.start_beats,
            length_beats: note.length_beats,
            channel: note.channel,
            note: note.note,
            velocity: note.velocity,
        })
        .collect();
    score::write(path, song, &notes)
}

/// Writes left and right at `rate` samples a second, whole or not at all. What is beyond full scale is
/// cut there.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write_wav(path: &Path, rate: u32, audio: &[Vec<f32>; 2]) -> Result<(), FileError> {
    write_whole(path, &to_bytes(rate, audio))
}

/// The bytes of the file: RIFF with a `fmt ` and a `data` chunk, all numbers with their low byte first.
fn to_bytes(rate: u32, [left, right]: &[Vec<f32>; 2]) -> Vec<u8> {
    const CHANNELS: u16 = 2;
    const BYTES: u16 = 2;
    const PCM: u16 = 1;
    const HEADER: u32 = 36;
    let frames = left.len().min(right.len());
    let data = (frames * usize::from(CHANNELS * BYTES)) as u32;
    let mut bytes = Vec::with_capacity(data as usize + 44);
    bytes.extend(b"RIFF");
    bytes.extend((HEADER + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(PCM.to_le_bytes());
    bytes.extend(CHANNELS.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(CHANNELS * BYTES)).to_le_bytes());
    bytes.extend((CHANNELS * BYTES).to_le_bytes());
    bytes.extend((8 * BYTES).to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for (left, right) in left.iter().zip(right) {
        for sample in [left, right] {
            let whole = (sample * 32_767.0).round().clamp(-32_767.0, 32_767.0) as i16;
            bytes.extend(whole.to_le_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_follows() {
        let bytes = to_bytes(48_000, &[vec![0.0, 1.0, 2.0], vec![-1.0, 0.5, f32::NAN]]);
        assert_eq!(bytes.len(), 44 + 12);
        assert_eq!(
            (&bytes[..4], &bytes[8..16], &bytes[36..40]),
            (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..])
        );
        assert_eq!((bytes[4], bytes[40]), (48, 12), "lengths");
        assert_eq!(u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]), 48_000);
        let samples: Vec<i16> =
            bytes[44..].chunks(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        assert_eq!(samples, [0, -32_767, 32_767, 16_384, 32_767, 0]);
    }
}

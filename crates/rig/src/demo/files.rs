//! A recording as files: the notes as a Standard MIDI File, the audio as a WAV file of 16 bits.

use crate::RecordedNote;
use hound::{SampleFormat, WavSpec, WavWriter};
use score::write_whole;
use std::io::Cursor;
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

/// Writes left and right at `rate` samples a second, whole or not at all; clips beyond full scale.
///
/// # Errors
/// The folder or the file cannot be written, or the audio exceeds the 4 GB of a WAV file.
pub fn write_wav(path: &Path, rate: u32, audio: &[Vec<f32>; 2]) -> anyhow::Result<()> {
    Ok(write_whole(path, &wav_bytes(rate, audio)?)?)
}

/// The bytes of a WAV file in stereo with 16 bits.
fn wav_bytes(rate: u32, [left, right]: &[Vec<f32>; 2]) -> Result<Vec<u8>, hound::Error> {
    let spec =
        WavSpec { channels: 2, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec)?;
    for (left, right) in left.iter().zip(right) {
        for sample in [left, right] {
            writer.write_sample((sample * 32_767.0).round().clamp(-32_767.0, 32_767.0) as i16)?;
        }
    }
    writer.finalize()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_rounded_and_clipped_to_16_bits() {
        let audio = [vec![0.0, 1.0, 2.0], vec![-1.0, 0.5, f32::NAN]];
        let bytes = wav_bytes(48_000, &audio).expect("a short file");
        assert_eq!(bytes.len(), 44 + 12, "a header of 44 bytes, without further chunks");
        let mut reader = hound::WavReader::new(&bytes[..]).expect("a WAV file");
        assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 48_000));
        let samples: Vec<i16> = reader.samples().map(|sample| sample.expect("a sample")).collect();
        assert_eq!(samples, [0, -32_767, 32_767, 16_384, 32_767, 0]);
    }
}

//! The chunks of a MIDI file. midly would silently take what is left of a truncated file, so the
//! lengths are checked here.

use midly::Header;

use super::MidiError;

/// Where the header says what a tick is.
const DIVISION_BYTE: usize = 12;

/// The header and the data of each track.
pub(super) fn split(bytes: &[u8]) -> Result<(Header, Vec<&[u8]>), MidiError> {
    let bytes = without_rmid_wrapper(bytes);
    if !bytes.starts_with(b"MThd") {
        return Err(MidiError::NotMidi);
    }
    // midly 0.5.3 negates this byte as a number of frames a second, and -(-128) overflows.
    if bytes.get(DIVISION_BYTE) == Some(&0x80) {
        return Err(MidiError::Header("128 frames a second".to_owned()));
    }
    let (header, rest) = midly::parse(bytes).map_err(|error| MidiError::Header(error.to_string()))?;
    let announced = rest.size_hint().0;
    let mut left = rest.unread();
    let mut tracks = Vec::new();
    while let Some((id, length, data)) = chunk(left) {
        let there = data.len();
        let Some((data, behind)) = data.split_at_checked(length as usize) else {
            // What trails behind the last track is nobody's loss.
            if tracks.len() >= announced {
                break;
            }
            return Err(MidiError::Truncated { track: tracks.len() + 1, announced: length, there });
        };
        if id == b"MTrk" {
            tracks.push(data);
        }
        left = behind;
    }
    match tracks.len() {
        0 if announced == 0 => Err(MidiError::NoTracks),
        there if there < announced => Err(MidiError::TracksMissing { announced, there }),
        _ => Ok((header, tracks)),
    }
}

/// The MIDI file inside a RIFF wrapper, as Windows once wrote them; other bytes as they are. A wrapper
/// that ends early leaves a truncated MIDI file, which is found out later.
fn without_rmid_wrapper(bytes: &[u8]) -> &[u8] {
    let Some((b"RIFF", rest)) = bytes.split_first_chunk() else { return bytes };
    let Some((b"RMID", mut rest)) = rest.get(4..).unwrap_or_default().split_first_chunk() else {
        return bytes;
    };
    while let Some((id, behind)) = rest.split_first_chunk::<4>() {
        let Some((length, data)) = behind.split_first_chunk() else { break };
        let length = u32::from_le_bytes(*length) as usize;
        if id == b"data" {
            return &data[..length.min(data.len())];
        }
        let padded = length.saturating_add(length % 2);
        rest = data.get(padded..).unwrap_or_default();
    }
    bytes
}

/// The name and announced length of the chunk that `bytes` begin with, and everything behind those.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], u32, &[u8])> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (length, data) = rest.split_first_chunk()?;
    Some((id, u32::from_be_bytes(*length), data))
}

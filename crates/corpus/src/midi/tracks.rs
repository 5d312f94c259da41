//! The chunks of a MIDI file. midly would silently take what is left of a truncated file, so the
//! lengths are checked here.

use midly::Header;

use super::MidiError;

/// The header and the data of each track.
pub(super) fn split(bytes: &[u8]) -> Result<(Header, Vec<&[u8]>), MidiError> {
    if !(bytes.starts_with(b"MThd") || bytes.starts_with(b"RIFF")) {
        return Err(MidiError::NotMidi);
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

/// The name and announced length of the chunk that `bytes` begin with, and everything behind those.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], u32, &[u8])> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (length, data) = rest.split_first_chunk()?;
    Some((id, u32::from_be_bytes(*length), data))
}

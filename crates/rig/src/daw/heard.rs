//! What Ardour recorded: the notes of a MIDI file, with everything that a pairing of note-ons and
//! note-offs would hide.

use super::DawError;
use midly::{MidiMessage, Smf, Timing, TrackEventKind};
use std::path::Path;

/// A note of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Quarter notes from the start of the recording to its start.
    pub start: f64,
    /// To its end; none where the file has no note-off for it.
    pub end: Option<f64>,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
    /// Whether this note sounded already when it started.
    pub over_another: bool,
}

/// Reads the notes of the file at `path` in the order of their starts.
///
/// # Errors
/// It can't be read, is no MIDI file, or counts in something else than parts of a quarter note.
pub(crate) fn read(path: &Path) -> Result<Vec<Heard>, DawError> {
    let bytes = std::fs::read(path).map_err(DawError::file(path))?;
    let unreadable = |reason: String| DawError::Unreadable { path: path.to_owned(), reason };
    let smf = Smf::parse(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let Timing::Metrical(ticks) = smf.header.timing else {
        return Err(unreadable("it counts in SMPTE frames".to_owned()));
    };
    let ticks_a_beat = f64::from(ticks.as_int().max(1));
    let mut heard = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0_u32;
        for event in track {
            tick = tick.saturating_add(event.delta.as_int());
            if let TrackEventKind::Midi { channel, message } = event.kind
                && let Some((note, velocity)) = struck(message)
            {
                let beats = f64::from(tick) / ticks_a_beat;
                hear(&mut heard, beats, channel.as_int(), note, velocity);
            }
        }
    }
    Ok(heard)
}

/// Starts a note, or ends the one that sounds where `velocity` is 0.
fn hear(heard: &mut Vec<Heard>, beats: f64, channel: u8, note: u8, velocity: u8) {
    let sounding = heard
        .iter_mut()
        .rev()
        .find(|other| other.end.is_none() && (other.channel, other.note) == (channel, note));
    if velocity > 0 {
        let over_another = sounding.is_some();
        heard.push(Heard { start: beats, end: None, channel, note, velocity, over_another });
    } else if let Some(sounding) = sounding {
        sounding.end = Some(beats);
    }
}

/// Note and velocity of a note-on, velocity 0 of a note-off.
fn struck(message: MidiMessage) -> Option<(u8, u8)> {
    match message {
        MidiMessage::NoteOn { key, vel } => Some((key.as_int(), vel.as_int())),
        MidiMessage::NoteOff { key, .. } => Some((key.as_int(), 0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use midly::num::{u4, u7, u15, u28};
    use midly::{Format, Header, TrackEvent};

    #[test]
    fn a_note_that_ends_where_it_starts_leaves_the_next_one_alone() -> Result<(), Box<dyn std::error::Error>>
    {
        let event = |delta: u32, velocity: u8| TrackEvent {
            delta: u28::new(delta),
            kind: TrackEventKind::Midi {
                channel: u4::new(9),
                message: MidiMessage::NoteOn { key: u7::new(36), vel: u7::new(velocity) },
            },
        };
        let mut smf = Smf::new(Header::new(Format::SingleTrack, Timing::Metrical(u15::new(100))));
        smf.tracks.push(vec![event(50, 90), event(0, 0), event(0, 100), event(25, 0), event(25, 110)]);
        let file = tempfile::NamedTempFile::new()?;
        smf.save(file.path())?;

        let heard = read(file.path())?;
        let times: Vec<_> = heard.iter().map(|note| (note.start, note.end, note.over_another)).collect();
        assert_eq!(times, [(0.5, Some(0.5), false), (0.5, Some(0.75), false), (1.0, None, false)]);
        Ok(())
    }

    #[test]
    fn a_file_of_something_else_is_named() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), "no music")?;
        let Err(error) = read(file.path()) else { return Err("it was read".into()) };
        assert!(error.to_string().contains("is not the MIDI file"), "{error}");
        Ok(())
    }
}

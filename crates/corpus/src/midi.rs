//! MIDI files: bytes in, the drum hits and time signatures of their parts out.
//!
//! Reading is generous where files differ (running status, no note-offs, RMID wrappers, SMPTE time,
//! types 0, 1 and 2, missing end-of-track marks, strange chunks) and strict where data is missing: a
//! truncated or garbled file is refused as a whole, because half a song teaches wrong repetitions.

mod clock;
mod tracks;

use midly::{Format, MetaMessage, MidiMessage, TrackEventKind};

use clock::Clock;

/// Files above this size, in bytes, are not read.
pub const LARGEST_FILE_BYTES: u64 = 8 << 20;

/// The channel of the drums: a musician's channel 10.
const DRUM_CHANNEL: u8 = 9;

/// One drum hit as it was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Where, in sixteenths from the start of the file; 0 or more and finite.
    pub step: f64,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
}

/// A time signature and where it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeSignature {
    /// Where, in sixteenths from the start of the file; 0 or more and finite.
    pub step: f64,
    /// The upper number.
    pub beats: u8,
    /// The lower number as a power of two: 2 for quarters.
    pub unit_log2: u8,
}

impl TimeSignature {
    /// Whether this is 4/4, the only meter that patterns are taken from.
    pub fn is_four_four(&self) -> bool {
        (self.beats, self.unit_log2) == (4, 2)
    }
}

/// What sounds together: all tracks of a type 0 or 1 file, or one track of a type 2 file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Note-ons on channel 10 in the order of time.
    pub hits: Vec<Hit>,
    /// Time signatures in the order of time; 4/4 before the first.
    pub time_signatures: Vec<TimeSignature>,
}

/// Why bytes are no MIDI file that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MidiError {
    /// No MIDI header in front.
    #[error("it does not begin with a MIDI header")]
    NotMidi,
    /// The header is there but makes no sense.
    #[error("its MIDI header is damaged: {0}")]
    Header(String),
    /// The header announces nothing.
    #[error("it has no tracks")]
    NoTracks,
    /// A division of 0 ticks.
    #[error("it says that a beat has 0 ticks")]
    NoTicks,
    /// The file ends inside a track.
    #[error("track {track} should have {announced} bytes, but the file ends after {there}")]
    Truncated {
        /// Counted from 1.
        track: usize,
        /// Bytes that the track announces.
        announced: u32,
        /// Bytes that are there.
        there: usize,
    },
    /// The file ends between tracks.
    #[error("it should have {announced} tracks, but only {there} are there")]
    TracksMissing {
        /// Tracks that the header announces.
        announced: usize,
        /// Tracks that are there.
        there: usize,
    },
    /// An event that can't be read.
    #[error("track {track} has an unreadable event at its byte {byte}")]
    Event {
        /// Counted from 1.
        track: usize,
        /// Counted from 0 at the start of the track's data.
        byte: usize,
    },
}

/// Reads the drums of a MIDI file.
///
/// # Errors
/// Why the bytes are no MIDI file, or how it is damaged. Having no drums is no error: then no part has
/// hits.
pub fn read_parts(bytes: &[u8]) -> Result<Vec<Part>, MidiError> {
    let (header, tracks) = tracks::split(bytes)?;
    let mut parts = Vec::new();
    let mut events = TrackEvents::default();
    for (index, track) in tracks.iter().enumerate() {
        events.read(track, index + 1)?;
        if header.format == Format::Sequential {
            parts.push(std::mem::take(&mut events).into_part(header.timing)?);
        }
    }
    if header.format != Format::Sequential {
        parts.push(events.into_part(header.timing)?);
    }
    Ok(parts)
}

/// What is of interest in the tracks of one part, by tick.
#[derive(Default)]
struct TrackEvents {
    hits: Vec<(u64, u8, u8)>,
    time_signatures: Vec<(u64, u8, u8)>,
    tempi: Vec<(u64, u32)>,
}

impl TrackEvents {
    fn read(&mut self, track: &[u8], number: usize) -> Result<(), MidiError> {
        let mut events = midly::EventIter::new(track);
        let mut tick = 0_u64;
        loop {
            let left = events.unread().len();
            // The reader stops silently where an event makes no sense; what was left tells.
            let Some(Ok(event)) = events.next() else {
                let broken = MidiError::Event { track: number, byte: track.len() - left };
                return if left == 0 { Ok(()) } else { Err(broken) };
            };
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { key, vel } }
                    if channel.as_int() == DRUM_CHANNEL && vel.as_int() > 0 =>
                {
                    self.hits.push((tick, key.as_int(), vel.as_int()));
                }
                TrackEventKind::Meta(MetaMessage::TimeSignature(beats, unit_log2, _, _)) => {
                    self.time_signatures.push((tick, beats, unit_log2));
                }
                TrackEventKind::Meta(MetaMessage::Tempo(micros)) => {
                    self.tempi.push((tick, micros.as_int()));
                }
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => return Ok(()),
                _ => {}
            }
        }
    }

    fn into_part(mut self, timing: midly::Timing) -> Result<Part, MidiError> {
        self.hits.sort_by_key(|hit| hit.0);
        self.time_signatures.sort_by_key(|signature| signature.0);
        self.tempi.sort_by_key(|tempo| tempo.0);
        let clock = Clock::new(timing, &self.tempi).ok_or(MidiError::NoTicks)?;
        let hit = |(tick, note, velocity)| Hit { step: clock.step(tick), note, velocity };
        let signature = |(tick, beats, unit_log2)| TimeSignature { step: clock.step(tick), beats, unit_log2 };
        Ok(Part {
            hits: self.hits.into_iter().map(hit).collect(),
            time_signatures: self.time_signatures.into_iter().map(signature).collect(),
        })
    }
}

#[cfg(test)]
pub(crate) mod compose;
#[cfg(test)]
mod tests;

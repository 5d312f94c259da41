//! MIDI files: bytes in, the drum hits and time signatures of their parts out.
//!
//! Reading accepts what files differ in (running status, no note-offs, RMID wrappers, SMPTE time, types 0, 1
//! and 2, missing end-of-track marks, unknown chunks). A truncated or garbled file is refused as a whole,
//! because half a song has other repetitions.

use beat::STEPS_PER_BEAT;
use midly::{Format, Header, MetaMessage, MidiMessage, Timing, TrackEventKind};

/// Files above this size, in bytes, are not read.
pub const LARGEST_FILE_BYTES: u64 = 8 << 20;

/// The channel of the drums: a musician's channel 10.
const DRUM_CHANNEL: u8 = 9;
/// Microseconds of a beat where the file says nothing: 120 beats a minute.
const DEFAULT_TEMPO: u32 = 500_000;
/// The byte of the header that says what a tick is.
const DIVISION_BYTE: usize = 12;

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

/// A tempo and where it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoChange {
    /// Where, in sixteenths from the start of the file; 0 or more and finite.
    pub step: f64,
    /// How long a quarter note lasts from there on, in microseconds; 1 or more.
    pub micros_per_beat: u32,
}

/// Tracks that sound together: all of a type 0 or 1 file, or one of a type 2 file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Note-ons on channel 10 in the order of time.
    pub hits: Vec<Hit>,
    /// Time signatures in the order of time; 4/4 before the first.
    pub time_signatures: Vec<TimeSignature>,
    /// Tempo changes in the order of time; 120 beats a minute before the first.
    pub tempos: Vec<TempoChange>,
    /// Where the part ends, in sixteenths from the start of the file: at its latest end-of-track mark, or
    /// at its last event where that is later or a track has no mark. 0 or more and finite.
    pub length_steps: f64,
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
    let (header, tracks) = split_tracks(bytes)?;
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
    /// The tick of the last event, end-of-track marks included.
    end: u64,
}

impl TrackEvents {
    fn read(&mut self, track: &[u8], number: usize) -> Result<(), MidiError> {
        let mut events = midly::EventIter::new(track);
        let mut tick = 0_u64;
        loop {
            let left = events.unread().len();
            // midly's iterator ends without an error at an invalid event; then bytes are left over.
            let Some(Ok(event)) = events.next() else {
                let broken = MidiError::Event { track: number, byte: track.len() - left };
                return if left == 0 { Ok(()) } else { Err(broken) };
            };
            tick += u64::from(event.delta.as_int());
            self.end = self.end.max(tick);
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
                    // A tempo of 0 would stop time; it is taken as the fastest there is.
                    self.tempi.push((tick, micros.as_int().max(1)));
                }
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => return Ok(()),
                _ => {}
            }
        }
    }

    fn into_part(mut self, timing: Timing) -> Result<Part, MidiError> {
        self.hits.sort_by_key(|hit| hit.0);
        self.time_signatures.sort_by_key(|signature| signature.0);
        self.tempi.sort_by_key(|tempo| tempo.0);
        let clock = Clock::new(timing, &self.tempi).ok_or(MidiError::NoTicks)?;
        let hit = |(tick, note, velocity)| Hit { step: clock.step(tick), note, velocity };
        let signature = |(tick, beats, unit_log2)| TimeSignature { step: clock.step(tick), beats, unit_log2 };
        let tempo = |(tick, micros_per_beat)| TempoChange { step: clock.step(tick), micros_per_beat };
        Ok(Part {
            hits: self.hits.into_iter().map(hit).collect(),
            time_signatures: self.time_signatures.into_iter().map(signature).collect(),
            tempos: self.tempi.into_iter().map(tempo).collect(),
            length_steps: clock.step(self.end),
        })
    }
}

/// The position of a tick in sixteenths.
enum Clock {
    /// Ticks divide the beat: tempo does not matter.
    Beats { ticks_per_beat: f64 },
    /// Ticks divide the second (SMPTE time): the tempo says how long a beat is.
    Seconds { ticks_per_second: f64, segments: Vec<TempoSegment> },
}

/// From `tick` on, where `beats` beats have passed, a beat lasts `seconds`.
struct TempoSegment {
    tick: u64,
    beats: f64,
    seconds: f64,
}

impl Clock {
    /// The clock of a file, `tempi` being (tick, microseconds of a beat) in the order of time; `None`
    /// where a beat or second has no ticks.
    fn new(timing: Timing, tempi: &[(u64, u32)]) -> Option<Self> {
        match timing {
            Timing::Metrical(ticks) => {
                let ticks_per_beat = f64::from(ticks.as_int());
                (ticks_per_beat > 0.0).then_some(Self::Beats { ticks_per_beat })
            }
            Timing::Timecode(fps, subframes) => {
                let ticks_per_second = f64::from(fps.as_f32()) * f64::from(subframes);
                let segments = segments(tempi, ticks_per_second);
                (ticks_per_second > 0.0).then_some(Self::Seconds { ticks_per_second, segments })
            }
        }
    }

    /// Where tick `tick` lies, in sixteenths from the start: finite, 0 or more.
    fn step(&self, tick: u64) -> f64 {
        let beats = match self {
            Self::Beats { ticks_per_beat } => tick as f64 / ticks_per_beat,
            Self::Seconds { ticks_per_second, segments } => {
                let after = segments.partition_point(|segment| segment.tick <= tick);
                let segment = &segments[after - 1]; // the first one begins at tick 0
                segment.beats + (tick - segment.tick) as f64 / ticks_per_second / segment.seconds
            }
        };
        beats * STEPS_PER_BEAT as f64
    }
}

fn segments(tempi: &[(u64, u32)], ticks_per_second: f64) -> Vec<TempoSegment> {
    let seconds = |micros: u32| f64::from(micros) / 1e6;
    let mut last = TempoSegment { tick: 0, beats: 0.0, seconds: seconds(DEFAULT_TEMPO) };
    let mut segments = Vec::with_capacity(tempi.len() + 1);
    for &(tick, micros) in tempi {
        let beats = last.beats + (tick - last.tick) as f64 / ticks_per_second / last.seconds;
        segments.push(last);
        last = TempoSegment { tick, beats, seconds: seconds(micros) };
    }
    segments.push(last);
    segments
}

/// The header and the data of each track. midly would silently take what is left of a truncated file, so the
/// lengths are checked here.
fn split_tracks(bytes: &[u8]) -> Result<(Header, Vec<&[u8]>), MidiError> {
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
            // Bytes after the last track are ignored.
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

#[cfg(test)]
pub(crate) mod tests;

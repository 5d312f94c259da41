//! MIDI files: bytes in, the drum hits, time signatures and tempos of their parts out.
//!
//! [`read`] accepts what files differ in (running status, no note-offs, RMID and MacBinary wrappers, SMPTE time,
//! types 0, 1 and 2, chunks of other kinds), and damage that leaves the drums unambiguous: wrong lengths,
//! missing end-of-track marks, data bytes above 127, clock bytes. Each [`Repair`] is counted. A truncated file
//! is refused as a whole, because half a song has other repetitions, and so is a file that can be read in
//! more than one way; a [`RefusedFile`] names track and byte.
//!
//! Channel 10 plays drums, and the channels of which a file says so in the ways of GS, XG and General MIDI 2. Bank 0
//! of XG alone does not make channel 10 melodic.
//!
//! Time and memory are bounded by [`Limits`]: the bytes are gone over three times at most, and a file of
//! eight megabytes takes less than forty.

mod channels;
mod chunks;
mod clock;
mod collect;
mod events;
mod repairs;
mod strict;

use channels::{Channels, DRUM_CHANNEL};
use chunks::{Search, open};
use clock::{Clock, Timing};
use collect::Collected;

pub use collect::NoteCounts;
pub use events::Damage;
pub use repairs::{Repair, Repairs};

/// Files above this size, in bytes, are not read.
pub const LARGEST_FILE_BYTES: u64 = 8 << 20;

/// How far behind the first note of a channel, in beats, a file may still say what the channel plays.
const SETUP_BEATS: f64 = 4.0;
/// Seconds of a beat where the file says nothing.
const DEFAULT_BEAT_SECONDS: f64 = 0.5;

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
    /// Note-ons of the drum channels in the order of time.
    pub hits: Vec<Hit>,
    /// Time signatures in the order of time; 4/4 before the first.
    pub time_signatures: Vec<TimeSignature>,
    /// Tempo changes in the order of time; 120 beats a minute before the first.
    pub tempos: Vec<TempoChange>,
    /// Where the part ends, in sixteenths from the start of the file: at its latest end-of-track mark, or
    /// at its last event where that is later or a track has no mark. 0 or more and finite.
    pub length_steps: f64,
}

/// Which channels are read as drums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrumChannels {
    /// Channel 10 and what the file says by GS, XG or General MIDI 2.
    #[default]
    AsTheFileSays,
    /// One channel, 0..=15: a musician's channel less one.
    One(u8),
    /// All channels.
    Any,
}

/// The most that a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Its size.
    pub bytes: usize,
    /// Its events of all kinds: the bound of the time, about 30 nanoseconds each.
    pub events: usize,
    /// Its drum hits, and its time signatures, tempo changes and set-ups of channels, each.
    pub hits: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: LARGEST_FILE_BYTES as usize, events: 8 << 20, hits: 1 << 19 }
    }
}

/// A MIDI file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What sounds together, in the order of the file.
    pub parts: Vec<Part>,
    /// What was repaired or passed over.
    pub repairs: Repairs,
    /// All its notes, by channel.
    pub notes: NoteCounts,
}

/// Why a file is not read, and what was read of it before.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{why}")]
pub struct RefusedFile {
    /// The reason.
    pub why: MidiError,
    /// Drum hits that were read before the damage; 0 where it lies in the header or the chunks.
    pub hits: usize,
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
    #[error("track {track} has an unreadable event at its byte {byte}: {damage}")]
    Event {
        /// Counted from 1.
        track: usize,
        /// Counted from 0 at the start of the track's data.
        byte: usize,
        /// What is wrong with it.
        damage: Damage,
    },
    /// More than the limits allow.
    #[error("it has more than {most} {what}, so it is not read")]
    TooMuch {
        /// Bytes, events or hits.
        what: &'static str,
        /// The limit.
        most: usize,
    },
}

/// Reads the drums of a MIDI file.
///
/// # Errors
/// Why the bytes are no MIDI file, or how it is damaged. Having no drums is no error: then no part has
/// hits.
pub fn read(bytes: &[u8], drums: DrumChannels, limits: &Limits) -> Result<Reading, RefusedFile> {
    let early = |why| RefusedFile { why, hits: 0 };
    if bytes.len() > limits.bytes {
        return Err(early(MidiError::TooMuch { what: "bytes", most: limits.bytes }));
    }
    match read_once(bytes, Search::Announced, drums, limits) {
        // A track ended where the next one's header stood: the announced lengths are wrong.
        Ok((_, Found::TracksInside)) => read_once(bytes, Search::Inside, drums, limits),
        read => read,
    }
    .map(|(reading, _)| reading)
}

/// The parts of a MIDI file, with the drums that the file says.
///
/// # Errors
/// Those of [`read`].
pub fn read_parts(bytes: &[u8]) -> Result<Vec<Part>, MidiError> {
    match read(bytes, DrumChannels::default(), &Limits::default()) {
        Ok(reading) => Ok(reading.parts),
        Err(refused) => Err(refused.why),
    }
}

/// Whether a track held others, behind its end-of-track mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Tracks,
    TracksInside,
}

fn read_once(
    bytes: &[u8],
    search: Search,
    drums: DrumChannels,
    limits: &Limits,
) -> Result<(Reading, Found), RefusedFile> {
    let mut repairs = Repairs::default();
    let container = open(bytes, search, &mut repairs).map_err(|why| RefusedFile { why, hits: 0 })?;
    let mut notes = NoteCounts::default();
    let mut found = Found::Tracks;
    let size = if container.separate { 1 } else { container.tracks.len() };
    let mut parts = Vec::with_capacity(container.tracks.len() / size.max(1));
    let mut hits = 0;
    for (index, tracks) in container.tracks.chunks(size.max(1)).enumerate() {
        let first = if container.separate { index + 1 } else { 1 };
        let part = Tracks { tracks, first, timing: container.timing, drums, limits };
        let (part, inside) = part.read(&mut repairs, &mut notes).map_err(|mut refused| {
            refused.hits += hits;
            refused
        })?;
        if inside {
            found = Found::TracksInside;
        }
        hits += part.hits.len();
        parts.push(part);
    }
    Ok((Reading { parts, repairs, notes }, found))
}

/// The tracks of one part.
struct Tracks<'a> {
    tracks: &'a [&'a [u8]],
    /// The number of the first.
    first: usize,
    timing: Timing,
    drums: DrumChannels,
    limits: &'a Limits,
}

impl Tracks<'_> {
    /// The part, and whether a track ended before another's header.
    fn read(&self, repairs: &mut Repairs, notes: &mut NoteCounts) -> Result<(Part, bool), RefusedFile> {
        let wanted = match self.drums {
            DrumChannels::AsTheFileSays => Channels::one(DRUM_CHANNEL),
            DrumChannels::One(channel) => Channels::one(channel),
            DrumChannels::Any => Channels::ALL,
        };
        let mut found = self.collect(wanted, repairs, notes)?;
        if self.drums == DrumChannels::AsTheFileSays && found.has_setups() {
            let grace = match self.timing {
                Timing::Beats(ticks) => f64::from(ticks) * SETUP_BEATS,
                Timing::Seconds(ticks) => ticks * SETUP_BEATS * DEFAULT_BEAT_SECONDS,
            };
            let timeline = found.timeline(grace as u64);
            repairs.count_times(Repair::DrumBank, timeline.unbelieved_banks);
            if !timeline.is_plain() {
                // Once more, for the notes of the other channels; the repairs are counted.
                let mut counted = Repairs::default();
                found = self.collect(timeline.ever, &mut counted, &mut NoteCounts::default())?;
                found.hits.retain(|hit| timeline.at(hit.tick).has(hit.port, hit.channel));
            }
        }
        let inside = found.inside;
        Ok((self.part(found, repairs), inside))
    }

    fn collect(
        &self,
        wanted: Channels,
        repairs: &mut Repairs,
        notes: &mut NoteCounts,
    ) -> Result<Collected, RefusedFile> {
        let mut found = Collected::new(wanted, self.limits);
        for (index, track) in self.tracks.iter().enumerate() {
            if let Err(why) = found.read(track, self.first + index, repairs, notes) {
                return Err(RefusedFile { why, hits: found.hits.len() });
            }
        }
        Ok(found)
    }

    fn part(&self, mut found: Collected, repairs: &mut Repairs) -> Part {
        found.hits.sort_by_key(|hit| hit.tick);
        found.tempos.sort_by_key(|tempo| tempo.0);
        let clock = Clock::new(self.timing, &found.tempos);
        let signatures = found.signature_map(repairs);
        let signature = |&(tick, beats, unit_log2): &(u64, u8, u8)| TimeSignature {
            step: clock.step(tick),
            beats,
            unit_log2,
        };
        let tempo =
            |&(tick, micros_per_beat): &(u64, u32)| TempoChange { step: clock.step(tick), micros_per_beat };
        Part {
            time_signatures: signatures.iter().map(signature).collect(),
            tempos: found.tempos.iter().map(tempo).collect(),
            length_steps: clock.step(found.end),
            hits: found
                .hits
                .iter()
                .map(|hit| Hit { step: clock.step(hit.tick), note: hit.note, velocity: hit.velocity })
                .collect(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

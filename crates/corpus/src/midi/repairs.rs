//! What was unusual in a MIDI file and how often: everything that reading repaired or passed over.

use serde::Serialize;

/// A kind of damage that leaves the drums of a file unambiguous, or that costs single events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repair {
    /// Bytes before the header that are no RIFF wrapper: MacBinary and the like.
    Wrapper,
    /// A header with a wrong length.
    HeaderLength,
    /// A format other than 0, 1 and 2; its tracks are taken to sound together.
    Format,
    /// A chunk that is no track.
    OtherChunk,
    /// A track whose chunk has a damaged name.
    ChunkName,
    /// A track whose announced length is not that of its events.
    TrackLength,
    /// Bytes between two chunks.
    BytesBetween,
    /// Bytes behind the last track.
    TrailingBytes,
    /// More tracks than the header announces; all are read.
    MoreTracks,
    /// Fewer tracks than the header announces, where the format has only one.
    FewerTracks,
    /// A track without an end-of-track mark.
    NoEndOfTrack,
    /// An end-of-track mark with more events behind it; they are read.
    EndOfTrackInside,
    /// Bytes behind an end-of-track mark that are no events.
    BehindEndOfTrack,
    /// Running status across a meta event, a system exclusive or a system message.
    RunningStatus,
    /// A data byte above 127, read as 127.
    ClippedData,
    /// A note-on of a drum channel whose note is above 127; it is left out.
    LostNote,
    /// A channel event that lost its last byte.
    CutEvent,
    /// A clock byte or another system message, which files may not hold.
    SystemMessage,
    /// A time or a length of more than four bytes.
    LongNumber,
    /// A negative time between two events.
    NegativeTime,
    /// A meta event without the data that it should have; it is left out.
    MetaData,
    /// A meta event whose length is not that of its text.
    MetaLength,
    /// A system exclusive message without a length, or with a wrong one.
    SysexLength,
    /// A system exclusive message without an end, or with bytes above 127.
    SysexData,
    /// A time signature that can't be, such as 0/4; it is ignored.
    ImpossibleMeter,
    /// A time signature of a later track that contradicts the first track's; it is ignored.
    MeterConflict,
    /// Bank 0 of XG on channel 10, which would make it melodic; it is read as drums.
    DrumBank,
}

impl Repair {
    /// All kinds.
    pub const ALL: [Self; 27] = [
        Self::Wrapper,
        Self::HeaderLength,
        Self::Format,
        Self::OtherChunk,
        Self::ChunkName,
        Self::TrackLength,
        Self::BytesBetween,
        Self::TrailingBytes,
        Self::MoreTracks,
        Self::FewerTracks,
        Self::NoEndOfTrack,
        Self::EndOfTrackInside,
        Self::BehindEndOfTrack,
        Self::RunningStatus,
        Self::ClippedData,
        Self::LostNote,
        Self::CutEvent,
        Self::SystemMessage,
        Self::LongNumber,
        Self::NegativeTime,
        Self::MetaData,
        Self::MetaLength,
        Self::SysexLength,
        Self::SysexData,
        Self::ImpossibleMeter,
        Self::MeterConflict,
        Self::DrumBank,
    ];

    /// The heading under which a report counts it.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Wrapper => "bytes before the header",
            Self::HeaderLength => "wrong header length",
            Self::Format => "unknown format",
            Self::OtherChunk => "chunk that is no track",
            Self::ChunkName => "damaged chunk name",
            Self::TrackLength => "wrong track length",
            Self::BytesBetween => "bytes between tracks",
            Self::TrailingBytes => "bytes behind the last track",
            Self::MoreTracks => "more tracks than announced",
            Self::FewerTracks => "fewer tracks than announced",
            Self::NoEndOfTrack => "no end-of-track mark",
            Self::EndOfTrackInside => "end-of-track mark inside a track",
            Self::BehindEndOfTrack => "bytes behind an end-of-track mark",
            Self::RunningStatus => "running status across other events",
            Self::ClippedData => "data byte above 127",
            Self::LostNote => "drum hit with a note above 127, left out",
            Self::CutEvent => "event without its last byte",
            Self::SystemMessage => "clock or system message",
            Self::LongNumber => "number of more than four bytes",
            Self::NegativeTime => "negative time",
            Self::MetaData => "meta event without its data",
            Self::MetaLength => "wrong length of a meta event",
            Self::SysexLength => "wrong length of a system exclusive",
            Self::SysexData => "damaged system exclusive",
            Self::ImpossibleMeter => "impossible time signature",
            Self::MeterConflict => "contradicting time signature",
            Self::DrumBank => "bank 0 of XG on channel 10, which is read as drums all the same",
        }
    }
}

/// How often each kind was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs([u32; Repair::ALL.len()]);

impl Repairs {
    /// Whether the file was as the standard has it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&times| times == 0)
    }

    /// How often `repair` was met.
    pub fn times(&self, repair: Repair) -> u32 {
        self.0[repair as usize]
    }

    /// The kinds that were met, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (Repair, u32)> + '_ {
        Repair::ALL.into_iter().map(|repair| (repair, self.times(repair))).filter(|&(_, times)| times > 0)
    }

    /// Whether events were read that bytes may be missing of.
    pub(super) fn are_doubtful(&self) -> bool {
        use Repair::{ClippedData, CutEvent, LongNumber, LostNote, MetaLength, NegativeTime, SysexLength};
        [ClippedData, CutEvent, LongNumber, LostNote, MetaLength, NegativeTime, SysexLength]
            .iter()
            .any(|&repair| self.times(repair) > 0)
    }

    pub(super) fn count(&mut self, repair: Repair) {
        self.count_times(repair, 1);
    }

    pub(super) fn count_times(&mut self, repair: Repair, more: u32) {
        let times = &mut self.0[repair as usize];
        *times = times.saturating_add(more);
    }
}

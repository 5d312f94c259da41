//! What is of interest in the events of one part, by tick.

use super::channels::{ChannelSetup, Channels, DrumTimeline, FirstNotes, setups_of};
use super::events::{Event, Events};
use super::repairs::{Repair, Repairs};
use super::{Limits, MidiError};

/// Bytes of a system exclusive message in several packets that are put together.
const LONGEST_SYSEX: usize = 256;

/// How often each note was played, by channel; note-ons with a velocity of 1 or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteCounts(Box<[[u32; 128]; 16]>);

impl Default for NoteCounts {
    fn default() -> Self {
        Self(Box::new([[0; 128]; 16]))
    }
}

impl NoteCounts {
    /// Channel (0..=15), note (0..=127) and how often, of all that were played, in this order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u8, u32)> + '_ {
        let channels = (0..16_u8).zip(self.0.iter());
        channels.flat_map(|(channel, notes)| {
            (0..128_u8)
                .zip(notes)
                .filter(|&(_, &times)| times > 0)
                .map(move |(note, &times)| (channel, note, times))
        })
    }

    fn note(&mut self, channel: u8, note: u8) {
        let times = &mut self.0[usize::from(channel & 15)][usize::from(note & 127)];
        *times = times.saturating_add(1);
    }
}

/// A note-on of a wanted channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct TickHit {
    pub(super) tick: u64,
    pub(super) port: u8,
    pub(super) channel: u8,
    pub(super) note: u8,
    pub(super) velocity: u8,
}

/// Everything that was collected of a part's tracks.
pub(super) struct Collected {
    wanted: Channels,
    limits: Limits,
    events: usize,
    /// In the order of the file.
    pub(super) hits: Vec<TickHit>,
    /// (tick, microseconds of a beat) in the order of the file.
    pub(super) tempos: Vec<(u64, u32)>,
    /// (tick, upper number, lower as a power of two, track) in the order of the file.
    signatures: Vec<(u64, u8, u8, usize)>,
    /// What the file says about its channels, in the order of the file.
    setups: Vec<(u64, ChannelSetup)>,
    first_notes: FirstNotes,
    /// The tick of the last event, end-of-track marks included.
    pub(super) end: u64,
    /// Whether a track ended where another's header stood.
    pub(super) inside: bool,
    /// Whether a track names a port beyond the first.
    several_ports: bool,
}

impl Collected {
    pub(super) fn new(wanted: Channels, limits: &Limits) -> Self {
        Self {
            wanted,
            limits: *limits,
            events: 0,
            hits: Vec::new(),
            tempos: Vec::new(),
            signatures: Vec::new(),
            setups: Vec::new(),
            first_notes: FirstNotes::default(),
            end: 0,
            inside: false,
            several_ports: false,
        }
    }

    /// Adds the events of a track.
    pub(super) fn read(
        &mut self,
        track: &[u8],
        number: usize,
        repairs: &mut Repairs,
        notes: &mut NoteCounts,
    ) -> Result<(), MidiError> {
        let mut events = Events::new(track);
        let mut port = 0;
        let mut marked = false;
        let mut sysex = Vec::new();
        loop {
            let event = match events.next(repairs) {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(damage) => return Err(MidiError::Event { track: number, byte: events.at(), damage }),
            };
            let tick = events.tick();
            self.end = self.end.max(tick);
            self.events += 1;
            match event {
                Event::NoteOn { channel, note, velocity } => {
                    notes.note(channel, note);
                    self.first_notes.note(port, channel, tick);
                    if self.wanted.has(port, channel) {
                        self.hits.push(TickHit { tick, port, channel, note, velocity });
                        self.check(self.hits.len(), "drum hits")?;
                    }
                }
                Event::LostNote { channel } if self.wanted.has(port, channel) => {
                    repairs.count(Repair::LostNote);
                }
                Event::Bank { channel, msb } => {
                    self.setups.push((tick, ChannelSetup::Bank { port, channel, msb }))
                }
                Event::Program { channel } => {
                    self.setups.push((tick, ChannelSetup::Program { port, channel }))
                }
                Event::Tempo(micros) => self.tempos.push((tick, micros)),
                Event::TimeSignature { beats, unit_log2 } => {
                    self.signatures.push((tick, beats, unit_log2, number));
                }
                Event::Port(named) => {
                    port = named;
                    self.several_ports |= named > 0;
                }
                Event::Sysex { data, first } => {
                    if first {
                        sysex.clear();
                    }
                    sysex.extend(data.iter().copied().take(LONGEST_SYSEX.saturating_sub(sysex.len())));
                    for message in sysex.split(|&byte| byte >= 0x80) {
                        setups_of(message, port, &mut |setup| self.setups.push((tick, setup)));
                    }
                }
                Event::End => marked = true,
                Event::LostNote { .. } | Event::Other => {}
            }
            let meta = self.tempos.len().max(self.signatures.len()).max(self.setups.len());
            self.check(meta, "tempo changes, time signatures or set-ups")?;
            if self.events > self.limits.events {
                return Err(MidiError::TooMuch { what: "events", most: self.limits.events });
            }
        }
        if !marked {
            repairs.count(Repair::NoEndOfTrack);
        }
        self.inside |= track.get(events.at()..).is_some_and(|rest| rest.starts_with(b"MTrk"));
        Ok(())
    }

    fn check(&self, count: usize, what: &'static str) -> Result<(), MidiError> {
        let most = self.limits.hits;
        if count > most { Err(MidiError::TooMuch { what, most }) } else { Ok(()) }
    }

    /// Whether the file says anything about its channels.
    pub(super) fn has_setups(&self) -> bool {
        !self.setups.is_empty()
    }

    /// Which channels are drums by what the file says; see [`DrumTimeline::of`].
    pub(super) fn timeline(&mut self, grace: u64) -> DrumTimeline {
        if !self.several_ports {
            // Then "port B" can only mean the one that there is.
            for (_, setup) in &mut self.setups {
                if let ChannelSetup::Part { port, .. } = setup {
                    *port = 0;
                }
            }
        }
        self.setups.sort_by_key(|setup| setup.0);
        DrumTimeline::of(&self.setups, &self.first_notes, grace)
    }

    /// The time signatures in the order of time. The map of the first track that has one rules; what later
    /// tracks say against it is counted.
    pub(super) fn signature_map(&mut self, repairs: &mut Repairs) -> Vec<(u64, u8, u8)> {
        let Some(ruler) = self.signatures.first().map(|signature| signature.3) else { return Vec::new() };
        let of_ruler = |signature: &&(u64, u8, u8, usize)| signature.3 == ruler;
        let mut map: Vec<_> = self
            .signatures
            .iter()
            .filter(of_ruler)
            .map(|&(tick, beats, unit, _)| (tick, beats, unit))
            .collect();
        map.sort_by_key(|signature| signature.0);
        for &(tick, beats, unit, track) in &self.signatures {
            let after = map.partition_point(|signature| signature.0 <= tick);
            let rules = after.checked_sub(1).map_or((4, 2), |index| (map[index].1, map[index].2));
            if track != ruler && rules != (beats, unit) {
                repairs.count(Repair::MeterConflict);
            }
        }
        map
    }
}

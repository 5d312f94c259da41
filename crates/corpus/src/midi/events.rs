//! The events of one track, read tolerantly: what is unambiguous is repaired and counted.
//!
//! The loop goes forward only. Where an event breaks a rule, the readings that are possible are each followed
//! a few events further by the rules of [`super::strict`]; searches over the whole track are few.

mod clocks;
mod marks;
mod meta;
mod sysex;

use super::repairs::{Repair, Repairs};
use super::strict::{Vocabulary, data_bytes, follows_to_the_end, number, quality};

/// Searches over a whole track, for each track.
const SEARCHES: u32 = 16;
/// Events of zeros alone, in succession, that are no music.
const MOST_ZERO_EVENTS: usize = 3;
/// What a hit is given that lost its velocity.
const LOST_VELOCITY: u8 = 64;

/// What an event means to drums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event<'a> {
    /// With a velocity of 1 or more.
    NoteOn { channel: u8, note: u8, velocity: u8 },
    /// A note-on whose note is lost.
    LostNote { channel: u8 },
    /// Controller 0.
    Bank { channel: u8, msb: u8 },
    /// A program change.
    Program { channel: u8 },
    /// Microseconds of a beat, 1 or more.
    Tempo(u32),
    /// The upper number, and the lower one as a power of two.
    TimeSignature { beats: u8, unit_log2: u8 },
    /// The port of this track.
    Port(u8),
    /// The data of a system exclusive message without F0 and F7; not `first` where it continues one.
    Sysex { data: &'a [u8], first: bool },
    /// End of the track, where it is marked.
    End,
    /// Everything else.
    Other,
}

/// Why an event can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The track ends inside of it.
    #[error("the track ends inside of it")]
    Cut,
    /// A time or a length that is no number.
    #[error("its time or length is too long")]
    Number,
    /// A payload longer than the rest of the track.
    #[error("it announces more bytes than the track has")]
    Overrun,
    /// Data bytes with no status byte before them.
    #[error("it has no status byte")]
    NoStatus,
    /// A status byte that means nothing.
    #[error("its status byte {0:#04x} is not one of files")]
    Status(u8),
    /// A data byte above 127 behind which no event begins.
    #[error("one of its data bytes is above 127, and no event follows it")]
    Data,
    /// A status byte in place of a data byte.
    #[error(
        "the status byte of other events stands in its data, so bytes are missing before it, or too many"
    )]
    StatusInside,
    /// Nothing but zeros.
    #[error("zeros stand in place of it and of the events behind it")]
    Zeros,
    /// A long time in a track with clock bytes.
    #[error(
        "its time is doubtful: clock bytes stand in the track, and one may be part of it or go before it"
    )]
    Clock,
    /// A system exclusive message whose end can't be found.
    #[error("the end of a system exclusive message can't be found")]
    Sysex,
    /// A text or other data of a length that is wrong, or may be.
    #[error(
        "where its text or data end is doubtful: events can be read behind several lengths, or behind none"
    )]
    Payload,
    /// A length of the track that agrees neither with its events nor with what stands behind.
    #[error("the track's length is wrong, and its events do not show where it ends")]
    Length,
    /// Events behind an end-of-track mark that are damaged.
    #[error("events stand behind its end-of-track mark, but not all of them can be read")]
    BehindEnd,
}

/// The events of one track in the order of the file.
pub(super) struct Events<'a> {
    track: &'a [u8],
    at: usize,
    tick: u64,
    /// The last status byte of a channel; 0 before the first.
    running: u8,
    /// Whether another event has come since.
    interrupted: bool,
    /// The channel events so far.
    known: Vocabulary,
    /// Whether a clock byte stood between events.
    clocked: bool,
    /// Whether clock bytes are events with a time of their own.
    clocks_have_times: bool,
    /// Whether a time began with a byte that may be one of a clock.
    long: bool,
    /// Whether running status surely goes on behind other events in this track.
    runs_on: bool,
    /// Whether the last event was the end-of-track mark.
    marked: bool,
    searches: u32,
}

impl<'a> Events<'a> {
    pub(super) fn new(track: &'a [u8]) -> Self {
        Self {
            track,
            at: 0,
            tick: 0,
            running: 0,
            interrupted: false,
            known: Vocabulary::default(),
            clocked: false,
            clocks_have_times: false,
            long: false,
            runs_on: false,
            marked: false,
            searches: SEARCHES,
        }
    }

    /// Where the next event begins, in bytes of the track.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The tick of the last event.
    pub(super) fn tick(&self) -> u64 {
        self.tick
    }

    /// The next event; after [`Event::End`], or at the end of the bytes, there is none. An error leaves
    /// [`Self::at`] at the start of the damaged event.
    pub(super) fn next(&mut self, repairs: &mut Repairs) -> Result<Option<Event<'a>>, Damage> {
        if self.at >= self.track.len() || self.marked {
            return Ok(None);
        }
        let start = self.at;
        let event = self.event(repairs);
        if event.is_err() {
            self.at = start;
        }
        event.map(Some)
    }

    fn event(&mut self, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let start = self.at;
        let delta = self.number(repairs, true)?;
        self.long |= self.track[start] >= 0xf8;
        if self.long && self.clocked && !self.clocks_have_times {
            return Err(Damage::Clock);
        }
        self.tick = self.tick.saturating_add_signed(delta);
        let first = *self.track.get(self.at).ok_or(Damage::Cut)?;
        let status = match first {
            0x80.. => {
                self.at += 1;
                first
            }
            _ if self.running == 0 => return Err(Damage::NoStatus),
            _ => {
                if self.interrupted {
                    repairs.count(Repair::RunningStatus);
                }
                self.check_zeros(start)?;
                self.running
            }
        };
        if status < 0xf0 {
            self.running = status;
            self.interrupted = false;
            return self.channel_event(status, repairs);
        }
        self.interrupted = true;
        match status {
            0xff => self.meta(repairs),
            0xf0 | 0xf7 => self.sysex(status == 0xf0, repairs),
            _ => self.system(status, repairs),
        }
    }

    /// Counts events without status bytes that are zeros alone. One may be: a bank of a channel.
    fn check_zeros(&mut self, start: usize) -> Result<(), Damage> {
        let zeros = self.track[start..].iter().take(3 * MOST_ZERO_EVENTS).take_while(|byte| **byte == 0);
        match zeros.count() == 3 * MOST_ZERO_EVENTS && data_bytes(self.running) == 2 {
            true => Err(Damage::Zeros),
            false => Ok(()),
        }
    }

    /// The running status; `None` before the first.
    fn running(&self) -> Option<u8> {
        (self.running != 0).then_some(self.running)
    }

    /// Whether the rest of the track from `at` on is clean events; false too where too much was searched.
    fn reads_to_the_end(&mut self, at: usize, running: Option<u8>) -> bool {
        self.searches = self.searches.saturating_sub(1);
        self.searches > 0 && follows_to_the_end(self.track, at, running)
    }

    /// A number of variable length; of a time, one of five bytes may be negative.
    fn number(&mut self, repairs: &mut Repairs, time: bool) -> Result<i64, Damage> {
        // Nearly all numbers have one or two bytes.
        let rest = &self.track[self.at..];
        match *rest {
            [a, ..] if a < 0x80 => {
                self.at += 1;
                return Ok(i64::from(a));
            }
            [a, b, ..] if b < 0x80 => {
                self.at += 2;
                return Ok(i64::from(a & 0x7f) << 7 | i64::from(b));
            }
            _ => {}
        }
        if let Some((value, next)) = number(self.track, self.at) {
            self.at = next;
            return Ok(i64::from(value));
        }
        let mut value = 0_u64;
        for (index, &byte) in rest.iter().take(9).enumerate() {
            value = value << 7 | u64::from(byte & 0x7f);
            if byte < 0x80 {
                // 32 bits in five groups of seven: some programs write a time of -1 so.
                let negative = time && u32::try_from(value).is_ok_and(|value| value >= 1 << 31);
                if value >= 1 << 28 && !negative {
                    return Err(Damage::Number);
                }
                self.at += index + 1;
                repairs.count(if negative { Repair::NegativeTime } else { Repair::LongNumber });
                return Ok(if negative { i64::from(value as u32 as i32) } else { value as i64 });
            }
        }
        Err(if rest.len() < 9 { Damage::Cut } else { Damage::Number })
    }

    fn channel_event(&mut self, status: u8, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let (at, count) = (self.at, data_bytes(status));
        let data = self.track.get(at..at + count).ok_or(Damage::Cut)?;
        let (a, b) = (data[0], if count == 2 { data[1] } else { 0 });
        if (a | b) < 0x80 {
            self.at = at + count;
            self.known.add(status, a);
            return Ok(meaning(status, a, b));
        }
        self.damaged_data(status, count, repairs)
    }

    /// A channel event with a data byte above 127: the byte is too large, a clock byte slipped in, or the
    /// data byte is missing and the next event's time stands in its place. The reading behind which events go
    /// on best is taken, in this order.
    fn damaged_data(&mut self, status: u8, count: usize, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let (track, at) = (self.track, self.at);
        let running = Some(status);
        let clipped = quality(track, at + count, running);
        let mut data = [0; 2];
        let mut next = at;
        let mut found = 0;
        while found < count && next < track.len() {
            if !(0xf8..=0xfe).contains(&track[next]) {
                data[found] = track[next];
                found += 1;
            }
            next += 1;
        }
        let whole = found == count && next > at + count && (data[0] | data[1]) < 0x80;
        let slipped = if whole { quality(track, next, running) } else { None };
        // With a status byte of its own the event surely begins here.
        let last = at + count - 1;
        let cut = if track[last] >= 0x80 && track[at..last].iter().all(|&byte| byte < 0x80) {
            quality(track, last, running)
        } else {
            None
        };
        if slipped.is_some() && slipped > clipped && slipped >= cut {
            self.at = next;
            self.clocked = true;
            repairs.count(Repair::SystemMessage);
            return Ok(meaning(status, data[0], data[1]));
        }
        if cut.is_some() && cut > clipped {
            self.at = last;
            repairs.count(Repair::CutEvent);
            return Ok(match (status & 0xf0, count) {
                (0x90, 2) => meaning(status, track[at], LOST_VELOCITY),
                _ => Event::Other,
            });
        }
        if clipped.is_none() {
            return Err(Damage::Data);
        }
        let statusless = track[at - 1] < 0x80;
        if statusless && track[at..at + count].iter().any(|&byte| self.known.has_status(byte)) {
            return Err(Damage::StatusInside);
        }
        self.at = at + count;
        repairs.count(Repair::ClippedData);
        let (a, b) = (track[at], if count == 2 { track[at + 1] } else { 0 });
        Ok(match (status & 0xf0, a) {
            (0x90, 0x80..) => Event::LostNote { channel: status & 0x0f },
            _ => meaning(status, a.min(0x7f), b.min(0x7f)),
        })
    }
}

/// What a channel event with clean data bytes means.
fn meaning<'a>(status: u8, a: u8, b: u8) -> Event<'a> {
    let channel = status & 0x0f;
    match status & 0xf0 {
        0x90 if b > 0 => Event::NoteOn { channel, note: a, velocity: b },
        0xb0 if a == 0 => Event::Bank { channel, msb: b },
        0xc0 => Event::Program { channel },
        _ => Event::Other,
    }
}

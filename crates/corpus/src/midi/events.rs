//! The events of one track, read tolerantly: what is unambiguous is repaired and counted.
//!
//! The loop goes forward only. Where an event breaks a rule, the readings that are possible are each followed
//! a few events further by the rules of [`super::strict`]; searches over the whole track are few.

mod payloads;

use super::repairs::{Repair, Repairs};
use super::strict::{data_bytes, follows, number, quality};

/// Searches over a whole track, for each track.
const SEARCHES: u32 = 16;
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
    /// A system exclusive message whose end can't be found.
    #[error("the end of a system exclusive message can't be found")]
    Sysex,
    /// A text whose length may take events with it.
    #[error("its text is not all letters and may hold events, so that its length is doubtful")]
    Text,
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
    /// Whether an event of this track had no status byte of its own.
    statusless: bool,
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
            statusless: false,
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
        let delta = self.number(repairs, true)?;
        self.tick = self.tick.saturating_add_signed(delta);
        let first = *self.track.get(self.at).ok_or(Damage::Cut)?;
        let status = match first {
            0x80.. => {
                self.at += 1;
                first
            }
            _ if self.running == 0 => return Err(Damage::NoStatus),
            _ => {
                self.statusless = true;
                if self.interrupted {
                    repairs.count(Repair::RunningStatus);
                }
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
        self.at = at + count;
        repairs.count(Repair::ClippedData);
        let (a, b) = (track[at], if count == 2 { track[at + 1] } else { 0 });
        Ok(match (status & 0xf0, a) {
            (0x90, 0x80..) => Event::LostNote { channel: status & 0x0f },
            _ => meaning(status, a.min(0x7f), b.min(0x7f)),
        })
    }

    /// System common and realtime messages, which belong into cables.
    fn system(&mut self, status: u8, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let data = match status {
            0xf1 | 0xf3 => 1,
            0xf2 => 2,
            _ => 0,
        };
        let next = self.at + data;
        let known = !matches!(status, 0xf4 | 0xf5 | 0xf9 | 0xfd);
        let running = (self.running != 0).then_some(self.running);
        let sound = self.track.get(self.at..next).is_some_and(|data| data.iter().all(|&byte| byte < 0x80));
        if !sound || !known && !follows(self.track, next, running) {
            return Err(Damage::Status(status));
        }
        repairs.count(Repair::SystemMessage);
        if let Some(status) = self.channel_event_behind_clock(status, next) {
            // The clock byte slipped in between the event's time and its status byte.
            self.at = next + 1;
            self.running = status;
            self.interrupted = false;
            return self.channel_event(status, repairs);
        }
        self.at = next;
        Ok(Event::Other)
    }

    /// The status of a whole channel event that begins at `next`, where nothing else does, behind a realtime byte.
    fn channel_event_behind_clock(&self, clock: u8, next: usize) -> Option<u8> {
        let running = (self.running != 0).then_some(self.running);
        let status = *self.track.get(next)?;
        if clock < 0xf8 || !(0x80..0xf0).contains(&status) || follows(self.track, next, running) {
            return None;
        }
        let end = next + 1 + data_bytes(status);
        let clean = self.track.get(next + 1..end)?.iter().all(|&byte| byte < 0x80);
        (clean && follows(self.track, end, Some(status))).then_some(status)
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

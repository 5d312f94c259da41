//! Events with a payload: meta events, the end-of-track mark among them, and system exclusive messages.

use super::super::repairs::{Repair, Repairs};
use super::super::strict::{follows, follows_to_the_end, has_run, is_padding, number, quality};
use super::{Damage, Event, Events};

/// Bytes behind the start of a damaged text in which the next event is searched.
const LONGEST_DAMAGED_TEXT: usize = 512;
/// Bytes behind an end-of-track mark in which events are searched.
const BEHIND_THE_END: usize = 256;

impl<'a> Events<'a> {
    pub(super) fn meta(&mut self, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let kind = match self.track.get(self.at) {
            Some(&kind) => kind,
            None => return Err(Damage::Cut),
        };
        self.at += 1;
        if kind == 0x2f {
            return self.end_of_track(repairs);
        }
        let start = self.at;
        let length = self.number(repairs, false)? as usize;
        let from = self.at;
        let Some(data) = self.track.get(from..from.saturating_add(length)) else {
            self.at = self.next_event_behind(from).ok_or(Damage::Overrun)?;
            repairs.count(Repair::MetaLength);
            return Ok(Event::Other);
        };
        let after = from + length;
        if kind >= 0x80 {
            // No kind that there is; it is passed over where events go on behind it.
            let running = (self.running != 0).then_some(self.running);
            quality(self.track, after, running).ok_or(Damage::Status(0xff))?;
            repairs.count(Repair::MetaData);
        }
        if length == 0 && self.is_missing_length(start) {
            // The length is missing as well: what was taken for it is the next event's time.
            self.at = start;
            repairs.count(Repair::MetaData);
            return Ok(Event::Other);
        }
        if let Some(inside) = self.swallowed(from, after) {
            self.at = inside;
            repairs.count(Repair::MetaLength);
            return Ok(Event::Other);
        }
        if is_text(kind) && self.is_doubtful_text(from, after) {
            if self.statusless && self.text_may_hold_events(from, after) {
                return Err(Damage::Text);
            }
            if let Some(inside) = self.event_inside_text(from, after) {
                self.at = inside;
                repairs.count(Repair::MetaLength);
                return Ok(Event::Other);
            }
        }
        if let Some(longer) = self.letters_behind(after) {
            self.at = longer;
            repairs.count(Repair::MetaLength);
            return Ok(Event::Other);
        }
        self.at = after;
        Ok(match (kind, data) {
            (0x51, &[a, b, c, ..]) => Event::Tempo(u32::from_be_bytes([0, a, b, c]).max(1)),
            // A bar without beats, or of units that no notation has.
            (0x58, &[beats, unit_log2, ..]) if beats == 0 || unit_log2 > 7 => {
                repairs.count(Repair::ImpossibleMeter);
                Event::Other
            }
            (0x58, &[beats, unit_log2, ..]) => Event::TimeSignature { beats, unit_log2 },
            (0x21, &[port, ..]) => Event::Port(port),
            (0x51 | 0x58, _) | (0x59, &[] | &[_]) => {
                repairs.count(Repair::MetaData);
                Event::Other
            }
            _ => Event::Other,
        })
    }

    /// Whether a meta event of length 0 rather has no length at all: then the byte is a time, and an event
    /// with its status byte follows, while none follows the other way.
    fn is_missing_length(&self, start: usize) -> bool {
        let running = (self.running != 0).then_some(self.running);
        !follows(self.track, self.at, running) && follows(self.track, start, None)
    }

    /// Where events go on behind a payload whose length is wrong: at the first byte from which the rest of
    /// the track reads to its end. Where two readings are possible it is left undecided.
    fn next_event_behind(&mut self, from: usize) -> Option<usize> {
        let track = self.track;
        self.searches = self.searches.checked_sub(1)?;
        let running = (self.running != 0).then_some(self.running);
        let most = track.len().min(from + LONGEST_DAMAGED_TEXT);
        for at in from..most {
            // Each byte that is skipped is a letter.
            if at > from && !is_letter(track[at - 1]) {
                return None;
            }
            if has_status(track, at) && follows(track, at, None) && self.reads_to_the_end(at, None) {
                let later = at + 1;
                let doubtful = running.is_some()
                    && !has_status(track, later)
                    && follows(track, later, running)
                    && self.reads_to_the_end(later, running);
                return (!doubtful).then_some(at);
            }
        }
        None
    }

    /// Whether a text from `from` to `after` may announce too many bytes: no event follows it, or its payload has
    /// bytes that no text has.
    fn is_doubtful_text(&self, from: usize, after: usize) -> bool {
        let running = (self.running != 0).then_some(self.running);
        is_no_whole_text(&self.track[from..after]) || !follows(self.track, after, running)
    }

    /// Where events with a status byte begin inside a doubtful text.
    fn event_inside_text(&mut self, from: usize, after: usize) -> Option<usize> {
        let track = self.track;
        (from..after)
            .find(|&at| has_status(track, at) && follows(track, at, None) && self.reads_to_the_end(at, None))
    }

    /// Whether a doubtful text may hold events without status bytes, up to its end and beyond.
    fn text_may_hold_events(&mut self, from: usize, after: usize) -> bool {
        let (track, running) = (self.track, Some(self.running));
        (from..after).any(|at| follows(track, at, running) && self.reads_to_the_end(at, running))
    }

    /// Where events go on behind letters that a text has more than it announces; `None` where an event follows
    /// it, as it should.
    fn letters_behind(&mut self, after: usize) -> Option<usize> {
        let track = self.track;
        let running = (self.running != 0).then_some(self.running);
        let letter = |at: usize| track.get(at).is_some_and(|byte| (b' '..=b'~').contains(byte));
        if self.searches == 0 || !letter(after) || follows(track, after, running) {
            return None;
        }
        self.searches -= 1;
        (after + 1..after + LONGEST_DAMAGED_TEXT)
            .take_while(|&at| letter(at - 1))
            .find(|&at| has_status(track, at) && follows(track, at, None) && self.reads_to_the_end(at, None))
    }

    /// Where the events begin that stand inside a payload from `from` to `after`, because its length is
    /// wrong: a run of them that reads on over the payload's end, to the end of the track.
    fn swallowed(&mut self, from: usize, after: usize) -> Option<usize> {
        // Four events of a channel have 14 bytes at least.
        if after < from + 14 {
            return None;
        }
        let track = self.track;
        (from..after - 13).find(|&at| {
            (track[at] | track[at + 1]) >= 0x80
                && has_run(&track[..after], at)
                && self.reads_to_the_end(at, None)
        })
    }

    fn reads_to_the_end(&mut self, at: usize, running: Option<u8>) -> bool {
        self.searches = self.searches.saturating_sub(1);
        self.searches > 0 && follows_to_the_end(self.track, at, running)
    }

    /// The end-of-track mark, and what stands behind it.
    fn end_of_track(&mut self, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let Some((length, at)) = number(self.track, self.at) else {
            // Its length is missing, so the mark is no whole one.
            self.at = self.track.len();
            return Ok(Event::Other);
        };
        let after = at.saturating_add(length as usize);
        self.at = if after <= self.track.len() { after } else { at };
        let rest = &self.track[self.at..];
        if rest.is_empty() || rest.starts_with(b"MTrk") {
            self.marked = true;
            return Ok(Event::End);
        }
        if !is_padding(rest)
            && let Some(next) = self.event_behind_the_end()
        {
            self.at = next;
            repairs.count(Repair::EndOfTrackInside);
            return Ok(Event::Other);
        }
        let looked_at = rest.len().min(BEHIND_THE_END);
        let starts_events =
            |at: usize| has_run(rest, at) || has_status(rest, at) && follows_to_the_end(rest, at, None);
        if !is_padding(rest) && (0..looked_at).any(starts_events) {
            return Err(Damage::BehindEnd);
        }
        repairs.count(Repair::BehindEndOfTrack);
        self.marked = true;
        Ok(Event::End)
    }

    /// Where events go on behind an end-of-track mark, which may have zeros behind it: with a status byte, or to the
    /// end of the track without one.
    fn event_behind_the_end(&self) -> Option<usize> {
        let (track, at) = (self.track, self.at);
        let running = (self.running != 0).then_some(self.running);
        let zeros = track[at..].iter().take_while(|byte| **byte == 0).count();
        let explicit = (at..=at + zeros)
            .find(|&at| has_status(track, at) && quality(track, at, None).is_some_and(|quality| quality > 3));
        explicit.or_else(|| (running.is_some() && follows_to_the_end(track, at, running)).then_some(at))
    }

    /// A message without F7 at its end: continued by a packet that begins with F7, or never ended.
    fn unended(&mut self, data: &'a [u8], after: usize, first: bool, repairs: &mut Repairs) -> Event<'a> {
        let continued = number(self.track, after).is_some_and(|(_, at)| self.track.get(at) == Some(&0xf7));
        if !continued {
            repairs.count(Repair::SysexData);
        }
        self.at = after;
        Event::Sysex { data, first }
    }

    /// A system exclusive message, or the continuation of one. It ends in F7 and holds no status byte; where
    /// it does, it was written without its length, or with a wrong one, and is taken to end at its F7.
    pub(super) fn sysex(&mut self, first: bool, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let (track, start) = (self.track, self.at);
        let running = (self.running != 0).then_some(self.running);
        let announced =
            number(track, start).map(|(length, from)| (from, from.saturating_add(length as usize)));
        // A message that begins is never empty.
        let fitting = announced.filter(|&(from, after)| after <= track.len() && (after > from || !first));
        if let Some((from, after)) = fitting {
            let data = &track[from..after];
            let ends = data.iter().rev().take_while(|&&byte| byte == 0xf7).count();
            let inner = &data[..data.len() - ends];
            let whole = ends > 0;
            let clean = inner.iter().all(|&byte| byte < 0x80);
            if clean && whole || !first && follows(track, after, running) {
                self.at = after;
                return Ok(Event::Sysex { data: inner, first });
            }
            if clean && is_continued(track, after) {
                return Ok(self.unended(inner, after, first, repairs));
            }
            if clean && track.get(after) == Some(&0xf7) && follows(track, after + 1, running) {
                // Its length leaves out the F7.
                self.at = after + 1;
                repairs.count(Repair::SysexLength);
                return Ok(Event::Sysex { data: inner, first });
            }
            if whole && is_packed(inner) && follows(track, after, running) {
                self.at = after;
                return Ok(Event::Sysex { data: inner, first });
            }
        }
        // The end is the first byte above 127, but for clock bytes.
        let from = announced.map_or(start, |(from, _)| from.min(track.len()));
        let high = |&byte: &u8| byte >= 0x80 && !(0xf8..=0xfe).contains(&byte);
        // A length of several bytes has some above 127 itself.
        let search_from = if from > start + 1 { from } else { start };
        if let Some(end) = track[search_from..].iter().position(high).map(|end| search_from + end)
            && track[end] == 0xf7
            && (follows(track, end + 1, running) || fitting.is_none())
        {
            self.at = end + 1;
            repairs.count(Repair::SysexLength);
            // A maker's number in place of the length means that there is no length.
            let without_length =
                search_from == start && matches!(track[start], 0x41 | 0x43 | 0x7e | 0x7f) && end > start + 3;
            let from = if without_length { start } else { from.min(end) };
            return Ok(Event::Sysex { data: &track[from..end], first });
        }
        let (from, after) = announced.ok_or(Damage::Sysex)?;
        if fitting.is_some()
            && let Some(data) = track.get(from..after)
            && data.iter().all(|&byte| byte < 0x80)
        {
            if follows(track, after, None) {
                return Ok(self.unended(data, after, first, repairs));
            }
            if after > from + 1 && follows(track, after - 1, None) {
                // Its length counts an F7 that is missing.
                repairs.count(Repair::SysexLength);
                self.at = after - 1;
                return Ok(Event::Sysex { data: &data[..data.len() - 1], first });
            }
        }
        if fitting.is_some()
            && after > from
            && track[after - 1] == 0xf7
            && quality(track, after, running).is_some()
            && self.swallowed(from, after).is_none()
        {
            // Eight-bit data of a maker.
            self.at = after;
            repairs.count(Repair::SysexData);
            return Ok(Event::Sysex { data: &track[from..after], first });
        }
        self.at = self.next_event_behind(start).ok_or(Damage::Sysex)?;
        repairs.count(Repair::SysexLength);
        Ok(Event::Other)
    }
}

/// Whether an event at `at` would have a status byte of its own.
fn has_status(track: &[u8], at: usize) -> bool {
    number(track, at).is_some_and(|(_, at)| track.get(at).is_some_and(|&byte| byte >= 0x80))
}

/// Whether a meta event of this kind is a text.
fn is_text(kind: u8) -> bool {
    (1..=9).contains(&kind)
}

/// Whether a packet that continues a message follows: its time, then F7 and a length that fits.
fn is_continued(track: &[u8], after: usize) -> bool {
    number(track, after)
        .filter(|&(_, at)| track.get(at) == Some(&0xf7))
        .and_then(|(_, at)| number(track, at + 1))
        .is_some_and(|(length, at)| at.saturating_add(length as usize) <= track.len())
}

/// Whether a byte surely is one of a text: what encodings do with bytes above 127 is not known.
fn is_letter(byte: u8) -> bool {
    (b' '..0x7f).contains(&byte) || matches!(byte, b'\t' | b'\n' | b'\r')
}

/// Whether a payload has bytes that no text has: control characters, or zeros that do not end it.
fn is_no_whole_text(payload: &[u8]) -> bool {
    let zeros = payload.iter().rev().take_while(|&&byte| byte == 0).count();
    let text = &payload[..payload.len() - zeros];
    text.iter().any(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// Whether a payload without its last F7 is several messages, each with F0 before it and F7 behind.
fn is_packed(inner: &[u8]) -> bool {
    let clean = |data: &[u8]| data.len() > 1 && data.iter().all(|&byte| byte < 0x80);
    let mut messages = inner.split(|&byte| byte == 0xf7);
    messages.next().is_some_and(clean)
        && messages.all(|message| message.strip_prefix(&[0xf0]).is_some_and(clean))
}

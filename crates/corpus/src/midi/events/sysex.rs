//! System exclusive messages.

use super::super::repairs::{Repair, Repairs};
use super::super::strict::{follows, number, quality};
use super::{Damage, Event, Events};

impl<'a> Events<'a> {
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
        let running = self.running();
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
            && !self.swallowed(from, after)
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

/// Whether a packet that continues a message follows, which ends the message or is continued itself.
fn is_continued(track: &[u8], after: usize) -> bool {
    let packet = |at| number(track, at).filter(|&(_, at)| track.get(at) == Some(&0xf7)).map(|(_, at)| at + 1);
    packet(after)
        .and_then(|at| number(track, at))
        .and_then(|(length, at)| {
            let next = at.checked_add(length as usize)?;
            let (last, data) = track.get(at..next)?.split_last()?;
            let ends = *last == 0xf7 || *last < 0x80 && packet(next).is_some();
            Some(ends && data.iter().all(|&byte| byte < 0x80))
        })
        .unwrap_or(false)
}

/// Whether a payload without its last F7 is several messages, each with F0 before it and F7 behind.
fn is_packed(inner: &[u8]) -> bool {
    let clean = |data: &[u8]| data.len() > 1 && data.iter().all(|&byte| byte < 0x80);
    let mut messages = inner.split(|&byte| byte == 0xf7);
    messages.next().is_some_and(clean)
        && messages.all(|message| message.strip_prefix(&[0xf0]).is_some_and(clean))
}

//! Meta events, and where their data end: an announced length is believed where the bytes behind it agree.

use super::super::repairs::{Repair, Repairs};
use super::super::strict::{
    StrictEvent, event, follows, has_run, has_status, is_letter, is_text, quality, rest, usual_length,
};
use super::{Damage, Event, Events};

/// Bytes behind the start of damaged data in which the next event is searched.
const LONGEST_DAMAGED_TEXT: usize = 512;

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
        let after = from.saturating_add(length);
        if length == 0 && self.is_missing_length(start) {
            // The length is missing as well: what was taken for it is the next event's time.
            self.at = start;
            repairs.count(Repair::MetaData);
            return Ok(Event::Other);
        }
        if kind >= 0x80 && after <= self.track.len() {
            // No kind that there is; it is passed over where events go on behind it.
            quality(self.track, after, self.running()).ok_or(Damage::Status(0xff))?;
            repairs.count(Repair::MetaData);
        }
        self.at = match usual_length(kind) {
            Some(usual) if usual == length && after <= self.track.len() => after,
            Some(usual) => self.end_of_fixed(from, usual, after)?,
            None => self.end_of_any(kind, from, after)?,
        };
        if self.at != after {
            repairs.count(Repair::MetaLength);
        }
        let data = &self.track[from..self.at];
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
        !follows(self.track, self.at, self.running()) && follows(self.track, start, None)
    }

    /// Where data end that have another length than all others of their kind: as announced or as usual,
    /// whichever is the only one behind which events go on.
    fn end_of_fixed(&mut self, from: usize, usual: usize, after: usize) -> Result<usize, Damage> {
        let (track, running) = (self.track, self.running());
        let usual = from + usual;
        if after > track.len() && usual > track.len() {
            return Err(Damage::Overrun);
        }
        let readings = [
            [usual, after].map(|at| at <= track.len() && self.reads_to_the_end(at, running)),
            [usual, after].map(|at| at <= track.len() && follows(track, at, running)),
        ];
        match readings.iter().find(|[usual, after]| usual != after) {
            Some([true, _]) => Ok(usual),
            Some(_) => Ok(after),
            // An event with a status byte where data should be: the data are missing.
            None if after == from && has_status(track, after) && follows(track, after, None) => Ok(after),
            None => Err(Damage::Payload),
        }
    }

    /// Where data end whose kind has no length of its own.
    fn end_of_any(&mut self, kind: u8, from: usize, after: usize) -> Result<usize, Damage> {
        if after > self.track.len() {
            return self.next_event_behind(from).ok_or(Damage::Overrun);
        }
        let next = event(self.track, after, self.running());
        let misread = self.runs_into_damage(after, next.as_ref()) || self.swallowed(from, after);
        if misread {
            if self.may_hold_events(from, after) {
                return Err(Damage::Payload);
            }
            if let Some(inside) = self.event_inside(from, after)? {
                return Ok(inside);
            }
        }
        if misread && let Some(longer) = self.event_behind_letters(after) {
            return Ok(longer);
        }
        match next {
            Some(next) if !next.explicit && self.may_be_data(kind, (from, after), &next, misread) => {
                self.event_behind_letters(after).ok_or(Damage::Payload)
            }
            Some(next) if next.clipped && !self.is_damaged_alone(&next) => Err(Damage::Payload),
            Some(next) if self.ends_in_an_event(kind, (from, after), &next) => {
                let text = is_text(kind) && is_no_whole_text(&self.track[from..after]);
                let statusless = !next.explicit || self.may_hold_events(from, after);
                let inside = if text && !statusless { self.event_inside(from, after)? } else { None };
                inside.ok_or(Damage::Payload)
            }
            None if self.track.get(after).is_some_and(|&byte| is_letter(byte)) => Err(Damage::Payload),
            _ => Ok(after),
        }
    }

    /// Whether an event with a data byte above 127 is all that is wrong behind data.
    fn is_damaged_alone(&mut self, next: &StrictEvent) -> bool {
        self.known.has(next.status, next.data) || self.reads_to_the_end(next.next, None)
    }

    /// Whether the bytes behind data break a rule soon, or anywhere in the track where they begin with an event
    /// without a status byte. Where they do not, it is noted if running status surely goes on behind other
    /// events in them.
    fn runs_into_damage(&mut self, after: usize, next: Option<&StrictEvent>) -> bool {
        if self.searches == 0 || self.runs_on || next.is_none_or(|next| next.explicit) {
            return !follows(self.track, after, self.running());
        }
        self.searches -= 1;
        let rest = rest(self.track, after, self.running());
        self.runs_on |= rest.whole && rest.runs_on;
        !rest.whole
    }

    /// Whether an event without a status byte behind data may be the end of the data: of a text, where it is
    /// all letters. It is none where the track has an event like it elsewhere.
    fn may_be_data(
        &mut self,
        kind: u8,
        (from, after): (usize, usize),
        next: &StrictEvent,
        misread: bool,
    ) -> bool {
        let track = self.track;
        let text = is_text(kind) && track[from..after].iter().all(|&byte| is_letter(byte));
        let letters = track[after..next.next].iter().all(|&byte| is_letter(byte));
        if next.clipped || misread {
            return next.clipped || !self.known.has(next.status, next.data);
        }
        if self.runs_on || text && !letters {
            return false;
        }
        // What letters follow each other is one text, or one run of events.
        let run = track[after..].iter().take(LONGEST_DAMAGED_TEXT).take_while(|byte| is_letter(**byte));
        let behind = next.next.max(after + run.count());
        !self.has_elsewhere(next, (after, behind))
    }

    /// Whether data, behind which events go on, end in an event that the track has elsewhere, or in events behind
    /// such a one.
    fn ends_in_an_event(&mut self, kind: u8, (from, after): (usize, usize), next: &StrictEvent) -> bool {
        let (track, running) = (self.track, self.running());
        let no_text = is_text(kind) && is_no_whole_text(&track[from..after]);
        let most = after.saturating_sub(LONGEST_DAMAGED_TEXT);
        (from.max(most)..after).any(|at| {
            let Some(first) = event(&track[..after], at, running) else { return false };
            // In UTF-16 every second byte may be a zero.
            let letters = || at > from + 1 && track[from..at].iter().all(|&byte| is_letter(byte));
            let possible = first.explicit || !next.explicit && !self.runs_on || no_text && letters();
            first.status < 0xf0
                && possible
                && reads_to(&track[..after], at, running)
                && self.has_elsewhere(&first, (after, after))
        })
    }

    /// Whether the track has an event like this one before or behind a place, whose bytes read on at `at` and
    /// are counted from `from` on.
    fn has_elsewhere(&mut self, one: &StrictEvent, (at, from): (usize, usize)) -> bool {
        if self.known.has(one.status, one.data) {
            return true;
        }
        if self.searches == 0 {
            return false;
        }
        self.searches -= 1;
        let mut at = at;
        let mut running = self.running();
        while at < from {
            let Some(event) = event(self.track, at, running) else { return false };
            at = event.next;
            running = if event.status < 0xf0 { Some(event.status) } else { running };
        }
        rest(self.track, at, running).vocabulary.has(one.status, one.data)
    }

    /// Where events go on behind data whose length is wrong: at the first byte from which the rest of
    /// the track reads to its end. Where two readings are possible it is left undecided.
    pub(super) fn next_event_behind(&mut self, from: usize) -> Option<usize> {
        let track = self.track;
        self.searches = self.searches.checked_sub(1)?;
        let running = self.running();
        let most = track.len().min(from + LONGEST_DAMAGED_TEXT);
        for at in from..most {
            // Each byte that is skipped is a letter.
            if at > from && !is_letter(track[at - 1]) {
                return None;
            }
            if has_status(track, at) && follows(track, at, None) && self.reads_to_the_end(at, None) {
                let doubtful = self.may_hold_events(from, at) || {
                    let later = at + 1;
                    running.is_some()
                        && !has_status(track, later)
                        && follows(track, later, running)
                        && self.reads_to_the_end(later, running)
                };
                return (!doubtful).then_some(at);
            }
        }
        None
    }

    /// Where events with a status byte begin inside doubtful data.
    fn event_inside(&mut self, from: usize, after: usize) -> Result<Option<usize>, Damage> {
        let track = self.track;
        let begins = |events: &mut Self, at: usize| {
            has_status(track, at) && follows(track, at, None) && events.reads_to_the_end(at, None)
        };
        let Some(first) = (from..after).find(|&at| begins(self, at)) else { return Ok(None) };
        // A byte above 127 is the first of the event's time, or the last of a text.
        if track[first] >= 0x80 && begins(self, first + 1) {
            return Err(Damage::Payload);
        }
        Ok(Some(first))
    }

    /// Whether doubtful data may hold events without status bytes that the track has elsewhere, up to their end
    /// and beyond.
    fn may_hold_events(&mut self, from: usize, after: usize) -> bool {
        let Some(running) = self.running() else { return false };
        (from..after).any(|at| {
            let first =
                event(self.track, at, Some(running)).filter(|first| !first.explicit && !first.clipped);
            first.is_some_and(|first| {
                follows(self.track, at, Some(running))
                    && self.reads_to_the_end(at, Some(running))
                    && self.has_elsewhere(&first, (first.next, first.next))
            })
        })
    }

    /// Where events go on behind letters that a text has more than it announces, the first with a status byte.
    fn event_behind_letters(&mut self, after: usize) -> Option<usize> {
        let track = self.track;
        let letter = |at: usize| track.get(at).is_some_and(|&byte| is_letter(byte));
        (after + 1..after + LONGEST_DAMAGED_TEXT)
            .take_while(|&at| letter(at - 1))
            .find(|&at| has_status(track, at) && follows(track, at, None) && self.reads_to_the_end(at, None))
    }

    /// Whether a run of events stands inside data from `from` to `after`, because their length is wrong: one
    /// that reads on over the data's end, to the end of the track.
    pub(super) fn swallowed(&mut self, from: usize, after: usize) -> bool {
        let track = self.track;
        // Four events of a channel have 14 bytes at least.
        (from..after.saturating_sub(13)).any(|at| {
            (track[at] | track[at + 1]) >= 0x80
                && has_run(&track[..after], at)
                && self.reads_to_the_end(at, None)
        })
    }
}

/// Whether data have bytes that no text has: control characters, or zeros that do not end it.
fn is_no_whole_text(data: &[u8]) -> bool {
    let zeros = data.iter().rev().take_while(|&&byte| byte == 0).count();
    data[..data.len() - zeros].iter().any(|&byte| byte < b' ' && !is_letter(byte))
}

/// Whether `bytes` are clean events from `at` on, and at most the first bytes of a time behind them.
fn reads_to(bytes: &[u8], mut at: usize, mut running: Option<u8>) -> bool {
    while bytes[at..].iter().any(|&byte| byte < 0x80) {
        let Some(event) = event(bytes, at, running).filter(|event| !event.clipped) else { return false };
        at = event.next;
        running = if event.status < 0xf0 { Some(event.status) } else { running };
    }
    true
}

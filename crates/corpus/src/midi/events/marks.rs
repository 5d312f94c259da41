//! End-of-track marks.

use super::super::repairs::{Repair, Repairs};
use super::super::strict::{follows_to_the_end, has_run, has_status, is_padding, number, quality};
use super::{Damage, Event, Events};

/// Bytes behind an end-of-track mark in which events are searched.
const BEHIND_THE_END: usize = 256;

impl<'a> Events<'a> {
    /// The end-of-track mark, and what stands behind it.
    pub(super) fn end_of_track(&mut self, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
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
        let running = self.running();
        let zeros = track[at..].iter().take_while(|byte| **byte == 0).count();
        let explicit = (at..=at + zeros)
            .find(|&at| has_status(track, at) && quality(track, at, None).is_some_and(|quality| quality > 3));
        explicit.or_else(|| (running.is_some() && follows_to_the_end(track, at, running)).then_some(at))
    }
}

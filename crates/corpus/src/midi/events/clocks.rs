//! System common and realtime messages, clock bytes among them.

use super::super::repairs::{Repair, Repairs};
use super::super::strict::{data_bytes, follows};
use super::{Damage, Event, Events};

impl<'a> Events<'a> {
    /// A message that belongs into cables.
    pub(super) fn system(&mut self, status: u8, repairs: &mut Repairs) -> Result<Event<'a>, Damage> {
        let data = match status {
            0xf1 | 0xf3 => 1,
            0xf2 => 2,
            _ => 0,
        };
        let next = self.at + data;
        let known = !matches!(status, 0xf4 | 0xf5 | 0xf9 | 0xfd);
        let running = self.running();
        let sound = self.track.get(self.at..next).is_some_and(|data| data.iter().all(|&byte| byte < 0x80));
        if !sound || !known && !follows(self.track, next, running) {
            return Err(Damage::Status(status));
        }
        repairs.count(Repair::SystemMessage);
        self.clocked |= status >= 0xf8;
        if status >= 0xf8
            && let Some((status, data)) = self.event_behind_clock(next)?
        {
            // The clock byte slipped in between the event's time and the rest of it.
            self.at = data;
            self.running = status;
            self.interrupted = false;
            return self.channel_event(status, repairs);
        }
        self.at = next;
        Ok(Event::Other)
    }

    /// The status and the data of a channel event without a time of its own behind a clock byte, at `at`: where
    /// none begins there with a time.
    fn event_behind_clock(&mut self, at: usize) -> Result<Option<(u8, usize)>, Damage> {
        let (track, running) = (self.track, self.running());
        let (status, data) = match (track.get(at), running) {
            (Some(&status @ 0x80..=0xef), _) => (status, at + 1),
            (Some(0..=0x7f), Some(running)) => (running, at),
            _ => return Ok(None),
        };
        let end = data + data_bytes(status);
        let clean = track.get(data..end).is_some_and(|data| data.iter().all(|&byte| byte < 0x80));
        if self.clocks_have_times {
            return Ok(None);
        }
        if !clean {
            self.clocks_have_times = self.reads_to_the_end(at, running);
            return Ok(None);
        }
        let mut with_time = self.reads_to_the_end(at, running);
        let mut without = self.reads_to_the_end(end, Some(status));
        self.clocks_have_times = with_time && !without;
        if with_time == without {
            with_time = follows(track, at, running);
            without = follows(track, end, Some(status));
        }
        match (with_time, without) {
            (true, true) => Err(Damage::Clock),
            (false, true) => Ok(Some((status, data))),
            (_, false) => Ok(None),
        }
    }
}

//! What holds for every block whatever it plays: plain rules that need no expected.

use beat::{NoteEvent, NoteKind};

use crate::finding::Finding;
use crate::host::Call;
use crate::session::Sent;
use crate::time::{Beats, TIE};

/// Checks one call: events in time order, note-offs before note-ons at a sample, every number in range,
/// nothing new at rest, nothing before the song, nothing offered behind a refused event.
pub fn check(index: usize, call: &Call, sent: &Sent) -> Result<(), Finding> {
    let events = &sent.events;
    let finding = |event: &NoteEvent, expected: &str| Finding {
        call: index,
        sample: i64::from(event.sample),
        expected: expected.to_owned(),
        got: format!("{event:?}"),
    };
    for pair in events.windows(2) {
        let key = |event: &NoteEvent| (event.sample, matches!(event.kind, NoteKind::On { .. }));
        if key(&pair[0]) > key(&pair[1]) {
            return Err(finding(&pair[1], "events in time order, note-offs first at each sample"));
        }
    }
    for event in events {
        let on = matches!(event.kind, NoteKind::On { .. });
        if event.sample >= call.transport.frames {
            return Err(finding(event, "a sample inside the block"));
        }
        if event.channel > 15 || event.note > 127 {
            return Err(finding(event, "a channel in 0..16 and a note in 0..128"));
        }
        if matches!(event.kind, NoteKind::On { velocity } if !(1..=127).contains(&velocity)) {
            return Err(finding(event, "a velocity in 1..128"));
        }
        if !call.plays() && (on || event.sample > 0) {
            return Err(finding(event, "at rest nothing but note-offs at once"));
        }
        if on && call.playback.mutes == u16::MAX {
            return Err(finding(event, "silence, since everything is muted"));
        }
        let half = call.per_sample().half();
        let wraps = call.transport.loop_range.is_some();
        if on
            && !wraps
            && call.beats() + call.per_sample() * i64::from(event.sample) + half + TIE < Beats::ZERO
        {
            return Err(finding(event, "silence before the song"));
        }
    }
    if sent.refused > 1 {
        return Err(Finding {
            call: index,
            sample: 0,
            expected: "nothing more offered in a block in which the host refused an event".into(),
            got: format!("{} more offered", sent.refused - 1),
        });
    }
    Ok(())
}

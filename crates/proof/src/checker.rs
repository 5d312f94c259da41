//! Compares what the sequencer sent with the expected onsets: each must sound once, on a sample at which it
//! is due, and each note must end in time.

use beat::{NoteEvent, NoteKind};

use crate::coverage::{Coverage, Situation};
use crate::expected::{ExpectedOnset, ExpectedOnsets};
use crate::host::Call;
use crate::passes::{Due, Timeline};
use crate::play::{Finding, Sent};
use crate::time::{Beats, TIE};

/// The most notes that the sequencer lets sound at once.
const ROOM: usize = 64;

/// An onset that is yet to sound.
#[derive(Clone, Copy)]
struct DueOnset {
    index: usize,
    due: [Due; 2],
    optional: bool,
}

/// A note that sounds.
struct SoundingNote {
    channel: u8,
    key: u8,
    pass: usize,
    started: i64,
    /// The song positions at which its gate may end.
    gates: Vec<Beats>,
    /// The samples of those positions.
    gate_ends: Vec<i64>,
    /// The samples at which a stop, jump or change of model ends it.
    releases: Vec<i64>,
    /// The sample by which it must have ended.
    latest: i64,
}

/// The state of the check between calls.
pub(crate) struct Checker<'a> {
    timeline: &'a Timeline,
    expected: &'a ExpectedOnsets,
    calls: &'a [Call],
    next: usize,
    open: Vec<DueOnset>,
    sounding: Vec<SoundingNote>,
    /// What sounded in this call: channel, key, sample.
    struck: Vec<(u8, u8, i64)>,
    /// Whether the host refused something in the call before.
    full: bool,
    /// The worst error in samples: from the position that the host reported, and from the exact one.
    pub(crate) worst: [f64; 2],
    pub(crate) notes: u64,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(timeline: &'a Timeline, expected: &'a ExpectedOnsets, calls: &'a [Call]) -> Self {
        let (open, sounding, struck) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            timeline,
            expected,
            calls,
            next: 0,
            open,
            sounding,
            struck,
            full: false,
            worst: [0.0; 2],
            notes: 0,
        }
    }

    pub(crate) fn call(&mut self, call: usize, sent: &Sent, coverage: &mut Coverage) -> Result<(), Finding> {
        self.struck.clear();
        let full = sent.refused > 0;
        while let Some(onset) = self.expected.onsets.get(self.next).filter(|onset| onset.decided <= call) {
            self.open.push(DueOnset { index: self.next, due: onset.due, optional: onset.optional });
            self.next += 1;
        }
        for event in &sent.events {
            match event.kind {
                NoteKind::On { velocity } => self.on(call, event, velocity, coverage)?,
                NoteKind::Off => self.off(call, event, coverage)?,
            }
        }
        self.give_up(call, sent, coverage)?;
        self.nothing_lost(call, full, coverage)?;
        self.nothing_hangs(call, full)
    }

    pub(crate) fn sounding(&self) -> usize {
        self.sounding.len()
    }

    /// Onsets may be given up only while the host refuses events. Which ones is not checked: it depends on
    /// mutes and on onsets that share a note.
    fn give_up(&mut self, call: usize, sent: &Sent, coverage: &mut Coverage) -> Result<(), Finding> {
        let count = sent.given_up;
        // What was refused in the block before still waits at the start of this one.
        let refused = sent.refused > 0;
        let full = std::mem::replace(&mut self.full, refused) || refused;
        if count > 0 && !full {
            let expected = "every onset to find room, since the host takes every event".to_owned();
            return Err(self.finding(
                call,
                self.timeline.starts[call],
                expected,
                format!("{count} given up"),
            ));
        }
        for open in self.open.iter_mut().filter(|_| count > 0) {
            open.optional = true;
            coverage.count(Situation::GivenUp);
        }
        Ok(())
    }

    fn on(
        &mut self,
        call: usize,
        event: &NoteEvent,
        velocity: u8,
        coverage: &mut Coverage,
    ) -> Result<(), Finding> {
        let at = self.timeline.starts[call] + i64::from(event.sample);
        let (channel, key) = (event.channel, event.note);
        let playback = &self.calls[call].playback;
        let got = || format!("note {key} on, channel {channel}, velocity {velocity}");
        if self.sounding.iter().any(|note| (note.channel, note.key) == (channel, key)) {
            return Err(self.finding(call, at, format!("a note-off of {key} first"), got()));
        }
        let fits = |open: &DueOnset| {
            let onset = &self.expected.onsets[open.index];
            let loud = (i64::from(onset.velocity) * (playback.velocity * 64.0) as i64 * 2 + 64) / 128;
            onset.note == key
                && open.due.iter().any(|due| due.at == at && due.call == call)
                && playback.mutes >> onset.instrument & 1 == 0
                && i64::from(velocity) == loud.clamp(1, 127)
        };
        let wanted = channel == playback.channel.min(15);
        let Some(index) = self.open.iter().position(fits).filter(|_| wanted) else {
            return Err(self.finding(call, at, self.closest(call, at), got()));
        };
        // Where onsets share a note, any of them may decide its length.
        let gate = (playback.gate * 64.0) as i64;
        let met = self.open.iter().filter(|open| fits(open)).map(|open| &self.expected.onsets[open.index]);
        let gates = met.map(|onset| onset.beats + (onset.step * gate).part(64)).collect();
        let onset = self.expected.onsets[self.open.remove(index).index];
        self.measure(call, at, &onset, coverage);
        let mut note = SoundingNote {
            channel,
            key,
            pass: onset.pass,
            started: at,
            gates,
            gate_ends: Vec::new(),
            releases: Vec::new(),
            latest: i64::MAX,
        };
        self.plan_gate(call, &mut note);
        self.plan_releases(&mut note);
        self.sounding.push(note);
        self.struck.push((channel, key, at));
        self.notes += 1;
        Ok(())
    }

    /// The samples at which a note's gate ends, from `call` on, and never where it started.
    fn plan_gate(&self, call: usize, note: &mut SoundingNote) {
        let Some(part) = self.timeline.part_in(note.pass, call) else { return };
        // A note that starts on the last sample of its block ends in the next one, which has positions of
        // its own.
        let from = part + usize::from(note.started + 1 == self.timeline.starts[call + 1]);
        let ends = note.gates.iter().flat_map(|end| self.timeline.due(note.pass, from, *end));
        note.gate_ends = ends.map(|due| due.map_or(i64::MAX, |due| due.at).max(note.started + 1)).collect();
        note.latest = note.gate_ends.iter().copied().max().unwrap_or(i64::MAX);
    }

    /// Adds the ends that do not come from the gate: a change of model, the end of the pass.
    fn plan_releases(&self, note: &mut SoundingNote) {
        let models = self.expected.releases.iter().filter(|(of, _)| *of == note.pass).map(|(_, at)| *at);
        for [early, late] in models.chain([self.timeline.passes[note.pass].release]) {
            if early > note.started {
                note.latest = note.latest.min(late);
                note.releases.push(early);
            }
            if late > note.started {
                note.releases.push(late);
            }
        }
    }

    fn off(&mut self, call: usize, event: &NoteEvent, coverage: &mut Coverage) -> Result<(), Finding> {
        let at = self.timeline.starts[call] + i64::from(event.sample);
        let (channel, key) = (event.channel, event.note);
        let got = format!("note {key} off, channel {channel}");
        let sounds = self.sounding.iter().position(|note| (note.channel, note.key) == (channel, key));
        let Some(index) = sounds else {
            return Err(self.finding(call, at, format!("nothing, since note {key} does not sound"), got));
        };
        let playback = &self.calls[call].playback;
        let struck_again = self.open.iter().any(|open| {
            let onset = &self.expected.onsets[open.index];
            onset.note == key
                && playback.mutes >> onset.instrument & 1 == 0
                && open.due.iter().any(|due| due.call == call && due.at == at)
        });
        let struck_again = struck_again && playback.channel.min(15) == channel && self.calls[call].plays();
        let crowded = self.sounding.len() >= ROOM;
        let note = &self.sounding[index];
        if at > note.latest
            || !(struck_again || crowded || note.gate_ends.contains(&at) || note.releases.contains(&at))
        {
            let start = self.timeline.starts[call];
            let ends = note.gate_ends.iter().chain(&note.releases).filter(|end| **end < i64::MAX);
            let ends: Vec<i64> = ends.map(|end| end - start).collect();
            let expected =
                format!("an end at sample {ends:?} of this block, {} at the latest", note.latest - start);
            return Err(self.finding(call, at, expected, got));
        }
        coverage.count(match (struck_again, note.gate_ends.contains(&at)) {
            (true, _) => Situation::Restruck,
            (false, true) => Situation::GateOff,
            (false, false) => Situation::ReleasedOff,
        });
        self.sounding.remove(index);
        Ok(())
    }

    /// Every onset that was due in this call has sounded, or has a reason not to.
    fn nothing_lost(&mut self, call: usize, full: bool, coverage: &mut Coverage) -> Result<(), Finding> {
        for open in std::mem::take(&mut self.open) {
            let onset = &self.expected.onsets[open.index];
            let ahead = open.due.iter().filter(|due| due.call > call).count();
            let muted = |due: &Due| self.calls[due.call].playback.mutes >> onset.instrument & 1 == 1;
            let met = open.due.iter().any(|due| {
                self.struck.iter().any(|(_, key, at)| *key == onset.note && *at == due.at && due.call == call)
            });
            if ahead == 2 {
                self.open.push(open);
            } else if met {
                coverage.count(Situation::Merged);
            } else if ahead == 1 {
                self.open.push(DueOnset { optional: open.optional || muted(&open.due[0]), ..open });
            } else if open.due.iter().any(muted) {
                coverage.count(Situation::Muted);
            } else if full {
                // It is offered again in the next block if play continues: at once, unless that block begins
                // before it, as after a host has played past its loop's end.
                let again = self.timeline.part_in(onset.pass, call + 1);
                if let Some([Some(early), Some(late)]) =
                    again.map(|part| self.timeline.due(onset.pass, part, onset.beats))
                {
                    coverage.count(Situation::Overdue);
                    self.open.push(DueOnset { due: [early, late], ..open });
                }
            } else if !open.optional {
                let expected = format!(
                    "note {} of instrument {} at {:.6} beats, velocity {}",
                    onset.note,
                    onset.instrument,
                    onset.beats.to_f64(),
                    onset.velocity
                );
                return Err(self.finding(call, open.due[0].at, expected, "nothing".into()));
            }
        }
        Ok(())
    }

    /// Every note that had to end in this call has ended.
    fn nothing_hangs(&mut self, call: usize, full: bool) -> Result<(), Finding> {
        let next_start = self.timeline.starts[call + 1];
        for mut note in std::mem::take(&mut self.sounding) {
            let over = note.latest < next_start;
            if over && !full {
                let (key, latest) = (note.key, note.latest);
                return Err(self.finding(
                    call,
                    latest,
                    format!("note {key} off"),
                    "nothing: it hangs".into(),
                ));
            }
            // A note-off that was refused comes in the next block.
            let refused = full && note.gate_ends.iter().chain(&note.releases).any(|end| *end < next_start);
            let released = note.releases.iter().any(|end| *end < next_start);
            if over {
                self.plan_gate(call + 1, &mut note);
                self.plan_releases(&mut note);
                if released || self.timeline.part_in(note.pass, call + 1).is_none() {
                    note.latest = next_start;
                }
            }
            if refused {
                note.releases.push(next_start);
            }
            self.sounding.push(note);
        }
        Ok(())
    }

    /// Keeps the worst error of onsets that were neither held back nor skipped by the host.
    fn measure(&mut self, call: usize, at: i64, onset: &ExpectedOnset, coverage: &mut Coverage) {
        let Some(part) = self.timeline.part_in(onset.pass, call) else { return };
        let part = &self.timeline.parts[part];
        let exact = (onset.beats - part.beats).over(part.per_sample);
        if at == part.first[0] && exact < -0.5 {
            coverage.count(Situation::Skipped);
            return;
        }
        let off = (exact - (at - part.first[0]) as f64).abs();
        self.worst[0] = self.worst[0].max(off);
        let (position, moved) = self.calls[call].truth;
        // After a wrap inside the block the exact position is another one.
        if let Some(moved) = moved.filter(|_| part.beats == self.calls[call].beats()) {
            let off = (onset.beats - position).over(moved) - (at - self.timeline.starts[call]) as f64;
            self.worst[1] = self.worst[1].max(off.abs());
        }
    }

    /// The expected onsets closest to `at`, for the message about a note-on that matches none.
    fn closest(&self, call: usize, at: i64) -> String {
        let start = self.timeline.starts[call];
        let due = self.open.iter().map(|open| (open.due[0].at, self.expected.onsets[open.index].note));
        let mut due: Vec<(i64, u8)> = due.collect();
        due.sort_by_key(|(due, _)| (due - at).abs());
        let text = |(due, note): &(i64, u8)| format!("note {note} at sample {}", due - start);
        let closest: Vec<String> = due.iter().take(3).map(text).collect();
        match closest.is_empty() {
            true => "nothing".to_owned(),
            false => format!("nothing here; near are {}", closest.join(", ")),
        }
    }

    fn finding(&self, call: usize, at: i64, expected: String, got: String) -> Finding {
        Finding { call, sample: at - self.timeline.starts[call], expected, got }
    }
}

/// Checks one call: events in time order, note-offs before note-ons at a sample, every number in range,
/// no note-on at rest or before the song, nothing offered after a refused event.
pub(crate) fn check_order(index: usize, call: &Call, sent: &Sent) -> Result<(), Finding> {
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

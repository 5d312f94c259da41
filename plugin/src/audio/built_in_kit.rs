//! The built-in kit on the audio thread: plays the notes that go to the host and those that come in, at their
//! samples.

use std::cell::Cell;

use beat::{NoteEvent, NoteKind};
use drums::Drums;
use nice_plug::midi::Key;
use nice_plug::prelude::NoteEvent as HostNoteEvent;

use crate::crossing::DrumTable;

/// The seed of the variation between hits; the same in all instances.
const SEED: u32 = 4711;
/// Incoming hits of one block; more are dropped.
const MAX_INCOMING: usize = 128;

/// A hit on a drum.
#[derive(Clone, Copy)]
struct InputHit {
    sample: u32,
    note: u8,
    velocity: u8,
}

/// The kit of an instance, of fixed size.
pub(super) struct BuiltInKit {
    drums: Drums,
    incoming: [InputHit; MAX_INCOMING],
    waiting: usize,
}

impl BuiltInKit {
    pub(super) fn new(sample_rate: f64) -> Self {
        Self {
            drums: Drums::new(SEED, sample_rate),
            incoming: [InputHit { sample: 0, note: 0, velocity: 0 }; MAX_INCOMING],
            waiting: 0,
        }
    }

    pub(super) fn set_rate(&mut self, sample_rate: f64) {
        self.drums.set_rate(sample_rate);
    }

    /// Silences the kit and drops queued hits.
    pub(super) fn rest(&mut self) {
        self.drums.rest();
        self.waiting = 0;
    }

    /// Queues a note-on from the host for the next block. Calls come in order of time.
    pub(super) fn queue_input<S>(&mut self, event: &HostNoteEvent<S>) {
        let &HostNoteEvent::NoteOn { timing: sample, key: Key::Number(note), velocity, .. } = event else {
            return;
        };
        if let Some(place) = self.incoming.get_mut(self.waiting) {
            let velocity = (velocity * 127.0 + 0.5).clamp(1.0, 127.0) as u8;
            *place = InputHit { sample, note, velocity };
            self.waiting += 1;
        }
    }

    /// Begins a block at `level` (an amplitude; 0 is off) on these channels. Channels after the first two are
    /// left as they are; with fewer than two the kit is silent.
    pub(super) fn begin<'a>(
        &'a mut self,
        level: f32,
        table: &'a Cell<DrumTable>,
        channels: &'a mut [&mut [f32]],
    ) -> KitBlock<'a> {
        self.drums.set_level(level);
        let (left, right) = match channels {
            [left, right, ..] => (&mut **left, &mut **right),
            [only] => {
                only.fill(0.0);
                (&mut [][..], &mut [][..])
            }
            [] => (&mut [][..], &mut [][..]),
        };
        let waiting = std::mem::take(&mut self.waiting);
        KitBlock {
            drums: &mut self.drums,
            table,
            incoming: &self.incoming[..waiting],
            left,
            right,
            rendered: 0,
        }
    }
}

/// One block of the kit, rendered from hit to hit.
pub(super) struct KitBlock<'a> {
    drums: &'a mut Drums,
    /// The drum of each note.
    table: &'a Cell<DrumTable>,
    incoming: &'a [InputHit],
    left: &'a mut [f32],
    right: &'a mut [f32],
    rendered: usize,
}

impl KitBlock<'_> {
    /// Plays a note event of the sequencer. Calls come in order of time.
    pub(super) fn play(&mut self, event: &NoteEvent) {
        let NoteKind::On { velocity } = event.kind else { return };
        self.render_until(event.sample);
        self.strike(event.note, velocity);
    }

    /// Renders the rest of the block.
    pub(super) fn finish(mut self) {
        self.render_until(u32::MAX);
    }

    /// Renders up to a sample, with the incoming hits until then.
    fn render_until(&mut self, sample: u32) {
        while let [hit, later @ ..] = self.incoming
            && hit.sample <= sample
        {
            self.incoming = later;
            self.render(hit.sample);
            self.strike(hit.note, hit.velocity);
        }
        self.render(sample);
    }

    fn strike(&mut self, note: u8, velocity: u8) {
        // Without channels nothing is rendered, so a hit would sound late, once there are some.
        if let Some(instrument) = self.table.get().drum(note).filter(|_| !self.left.is_empty()) {
            self.drums.strike(instrument, velocity);
        }
    }

    fn render(&mut self, end: u32) {
        let end = (end as usize).min(self.left.len());
        if end > self.rendered {
            let span = self.rendered..end;
            self.drums.render(&mut self.left[span.clone()], &mut self.right[span]);
            self.rendered = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::midi::{Channel, VoiceID};

    const HIT: NoteKind = NoteKind::On { velocity: 100 };

    fn coming(sample: u32, note: u8) -> HostNoteEvent<()> {
        let (voice_id, channel, key) = (VoiceID::Wildcard, Channel::Number(0), Key::Number(note));
        HostNoteEvent::NoteOn { timing: sample, voice_id, channel, key, velocity: 0.8 }
    }

    fn table() -> Cell<DrumTable> {
        Cell::new(DrumTable::new(&beat::Kit::DEFAULT, &beat::Kit::DEFAULT))
    }

    fn first_sound(side: &[f32]) -> Option<usize> {
        side.iter().position(|sample| *sample != 0.0)
    }

    #[test]
    fn notes_out_and_notes_in_sound_at_their_samples() {
        let (mut kit, table) = (BuiltInKit::new(48_000.0), table());
        let (mut left, mut right) = (vec![9.0; 512], vec![9.0; 512]);
        kit.queue_input(&coming(300, 38));
        let mut channels = [&mut left[..], &mut right[..]];
        let mut block = kit.begin(1.0, &table, &mut channels);
        block.play(&NoteEvent { sample: 100, channel: 9, note: 42, kind: HIT });
        block.finish();
        assert_eq!(first_sound(&left), Some(100));
        // Until the snare comes in, both are equal.
        let mut alone = BuiltInKit::new(48_000.0);
        let (mut hat, mut other) = (vec![0.0; 512], vec![0.0; 512]);
        let mut channels = [&mut hat[..], &mut other[..]];
        let mut block = alone.begin(1.0, &table, &mut channels);
        block.play(&NoteEvent { sample: 100, channel: 9, note: 42, kind: HIT });
        block.finish();
        assert_eq!(left[..300], hat[..300]);
        assert!(left[302] != hat[302], "the snare is heard");
    }

    #[test]
    fn too_many_notes_in_and_missing_channels_disturb_nobody() {
        let (mut kit, table) = (BuiltInKit::new(48_000.0), table());
        (0..1_000).for_each(|sample| kit.queue_input(&coming(sample, (sample % 128) as u8)));
        kit.begin(1.0, &table, &mut []).finish();
        let mut only = vec![9.0; 64];
        kit.queue_input(&coming(9_999, 36));
        kit.begin(1.0, &table, &mut [&mut only[..]]).finish();
        assert!(only.iter().all(|sample| *sample == 0.0));
        let (mut left, mut right) = (vec![9.0; 64], vec![9.0; 64]);
        kit.begin(1.0, &table, &mut [&mut left[..], &mut right[..]]).finish();
        assert!(left.iter().chain(&right).all(|sample| *sample == 0.0), "no hit is left over");
    }
}

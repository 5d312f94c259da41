//! The built-in kit on the audio thread: plays the notes that go to the host and those that come in, at their
//! samples.

use std::cell::Cell;

use beat::{DrumHit, Transport};
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
    /// How many came in while the song stood, since the last rest.
    auditioned: i64,
}

impl BuiltInKit {
    pub(super) fn new(sample_rate: f64) -> Self {
        Self {
            drums: Drums::new(SEED, sample_rate),
            incoming: [InputHit { sample: 0, note: 0, velocity: 0 }; MAX_INCOMING],
            waiting: 0,
            auditioned: 0,
        }
    }

    pub(super) fn set_rate(&mut self, sample_rate: f64) {
        self.drums.set_rate(sample_rate);
    }

    /// Silences the kit and drops queued hits.
    pub(super) fn rest(&mut self) {
        self.drums.rest();
        self.waiting = 0;
        self.auditioned = 0;
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

    /// Begins a block at `level` (an amplitude; 0 is off) on these channels: one is mono, channels after the
    /// first two are left as they are, without any the kit is silent.
    pub(super) fn begin<'a>(
        &'a mut self,
        transport: &Transport,
        level: f32,
        table: &'a Cell<DrumTable>,
        channels: &'a mut [&mut [f32]],
    ) -> KitBlock<'a> {
        self.drums.set_level(level);
        let output = match channels {
            [left, right, ..] => Output::Stereo(left, right),
            [only] => Output::Mono(only),
            [] => Output::None,
        };
        let waiting = std::mem::take(&mut self.waiting);
        KitBlock {
            drums: &mut self.drums,
            transport: *transport,
            table,
            incoming: &self.incoming[..waiting],
            auditioned: &mut self.auditioned,
            output,
            rendered: 0,
        }
    }
}

/// Places of a beat that hits are told apart by: straight and triplet grids lie on them.
const PLACES_A_BEAT: f64 = 96.0;

/// The channels of a block.
enum Output<'a> {
    None,
    Mono(&'a mut [f32]),
    Stereo(&'a mut [f32], &'a mut [f32]),
}

impl Output<'_> {
    fn frames(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Mono(only) | Self::Stereo(only, _) => only.len(),
        }
    }
}

/// One block of the kit, rendered from hit to hit.
pub(super) struct KitBlock<'a> {
    drums: &'a mut Drums,
    transport: Transport,
    /// The drum of each note.
    table: &'a Cell<DrumTable>,
    incoming: &'a [InputHit],
    auditioned: &'a mut i64,
    output: Output<'a>,
    rendered: usize,
}

impl KitBlock<'_> {
    /// Plays a hit of the sequencer. Calls come in order of time.
    pub(super) fn play(&mut self, hit: &DrumHit) {
        self.render_until(hit.sample);
        self.trigger(hit.note, hit.velocity, hit.place);
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
            let place = self.place_of_input(hit.sample);
            self.trigger(hit.note, hit.velocity, place);
        }
        self.render(sample);
    }

    /// The place of an incoming hit: that of the song, while it rolls.
    fn place_of_input(&mut self, sample: u32) -> i64 {
        if self.transport.rolls() {
            let beats = self.transport.beats + f64::from(sample) * self.transport.beats_per_sample();
            return (beats * PLACES_A_BEAT).round() as i64;
        }
        *self.auditioned += 1;
        *self.auditioned
    }

    fn trigger(&mut self, note: u8, velocity: u8, place: i64) {
        // Without channels nothing is rendered, so a hit would sound late, once there are some.
        if let Some(instrument) = self.table.get().drum(note).filter(|_| self.output.frames() > 0) {
            self.drums.trigger(instrument, velocity, place);
        }
    }

    fn render(&mut self, end: u32) {
        let end = (end as usize).min(self.output.frames());
        if end <= self.rendered {
            return;
        }
        let span = self.rendered..end;
        self.rendered = end;
        match &mut self.output {
            Output::None => {}
            Output::Stereo(left, right) => self.drums.render(&mut left[span.clone()], &mut right[span]),
            Output::Mono(only) => {
                let mut other = [0.0; 256];
                for left in only[span].chunks_mut(other.len()) {
                    let right = &mut other[..left.len()];
                    self.drums.render(left, right);
                    left.iter_mut().zip(right).for_each(|(left, right)| *left = 0.5 * (*left + *right));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::midi::{Channel, VoiceID};

    const HAT: DrumHit = DrumHit { sample: 100, note: 42, velocity: 100, place: 0 };
    const STANDING: Transport = Transport {
        playing: false,
        beats: 0.0,
        tempo: 120.0,
        sample_rate: 48_000.0,
        frames: 512,
        loop_range: None,
        bar: None,
        compound: false,
    };

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
        let mut block = kit.begin(&STANDING, 1.0, &table, &mut channels);
        block.play(&HAT);
        block.finish();
        assert_eq!(first_sound(&left), Some(100));
        // Until the snare comes in, both are equal.
        let mut alone = BuiltInKit::new(48_000.0);
        let (mut hat, mut other) = (vec![0.0; 512], vec![0.0; 512]);
        let mut channels = [&mut hat[..], &mut other[..]];
        let mut block = alone.begin(&STANDING, 1.0, &table, &mut channels);
        block.play(&HAT);
        block.finish();
        assert_eq!(left[..300], hat[..300]);
        assert!(left[302] != hat[302], "the snare is heard");
    }

    #[test]
    fn too_many_notes_in_and_missing_channels_disturb_nobody() {
        let (mut kit, table) = (BuiltInKit::new(48_000.0), table());
        (0..1_000).for_each(|sample| kit.queue_input(&coming(sample, (sample % 128) as u8)));
        kit.begin(&STANDING, 1.0, &table, &mut []).finish();
        let (mut left, mut right) = (vec![9.0; 64], vec![9.0; 64]);
        kit.begin(&STANDING, 1.0, &table, &mut [&mut left[..], &mut right[..]]).finish();
        assert!(left.iter().chain(&right).all(|sample| *sample == 0.0), "no hit is left over");
    }
    #[test]
    fn one_channel_is_both_sides_mixed() {
        let play = |channels: &mut [&mut [f32]]| {
            let (mut kit, table) = (BuiltInKit::new(48_000.0), table());
            let mut block = kit.begin(&STANDING, 1.0, &table, channels);
            block.play(&HAT);
            block.finish();
        };
        let (mut only, mut left, mut right) = (vec![9.0; 1_000], vec![9.0; 1_000], vec![9.0; 1_000]);
        play(&mut [&mut only[..]]);
        play(&mut [&mut left[..], &mut right[..]]);
        let mixed: Vec<f32> = left.iter().zip(&right).map(|(left, right)| 0.5 * (left + right)).collect();
        assert_eq!(only, mixed);
        assert_eq!(first_sound(&only), Some(100));
    }

    #[test]
    fn an_incoming_hit_sounds_as_its_place_in_the_song_does() {
        let play = |transport: Transport, sample: u32| {
            let (mut kit, table) = (BuiltInKit::new(48_000.0), table());
            kit.queue_input(&coming(sample, 38));
            let (mut left, mut right) = (vec![0.0; 24_000], vec![0.0; 24_000]);
            kit.begin(&transport, 1.0, &table, &mut [&mut left[..], &mut right[..]]).finish();
            left[sample as usize..sample as usize + 4_000].to_vec()
        };
        let rolling = |beats: f64| Transport { playing: true, beats, ..STANDING };
        assert_eq!(play(rolling(7.0), 6_000), play(rolling(7.25), 0));
        assert_eq!(play(rolling(7.0), 6_001), play(rolling(7.25 - 1.0 / 24_000.0), 2), "a sample off");
        assert_ne!(play(rolling(7.25), 0), play(rolling(7.5), 0));
    }
}

//! A beat is performed by the sequencer itself, off line, so that what is written is what will play.

use beat::{
    Bank, BankSource, HostBar, NoteEvent, NoteKind, NoteSink, Playback, Refused, Sequencer, Transport,
};
use score::Note;

use super::Meter;

/// Samples a beat: a thousand to each tick of the file, so that rounding to samples is not heard in it.
const SAMPLES_A_BEAT: f64 = 480_000.0;
/// Blocks of a sixteenth; of any length, for the sequencer plays the same.
const FRAMES: u32 = 120_000;

/// The notes of the first `beats` beats of the song.
pub(super) fn perform(bank: &Bank, playback: &Playback, beats: f64, meter: Meter) -> Vec<Note> {
    let (mut sequencer, mut paper) = (Sequencer::new(), Paper::default());
    let mut banks = OneBank(bank);
    let playback = Playback { bypass: false, ..*playback };
    let end = (beats * SAMPLES_A_BEAT).round() as u64;
    let mut at = 0;
    while at < end {
        let frames = u32::try_from(end - at).map_or(FRAMES, |left| left.min(FRAMES));
        paper.block = at as f64 / SAMPLES_A_BEAT;
        sequencer.process(&transport(paper.block, frames, meter, true), &playback, &mut banks, &mut paper);
        at += u64::from(frames);
    }
    paper.block = beats;
    sequencer.process(&transport(beats, FRAMES, meter, false), &playback, &mut banks, &mut paper);
    paper.notes
}

fn transport(beats: f64, frames: u32, meter: Meter, playing: bool) -> Transport {
    // The tempo says nothing but how many samples a beat has.
    const RATE: f64 = 480_000.0;
    let bar_beats = meter.bar_beats();
    let number = (beats / bar_beats + 1e-9).floor();
    let bar = HostBar { start: number * bar_beats, number: number as i64, beats: bar_beats };
    let tempo = 60.0 * RATE / SAMPLES_A_BEAT;
    Transport { playing, beats, tempo, sample_rate: RATE, frames, loop_range: None, bar: Some(bar) }
}

struct OneBank<'a>(&'a Bank);

impl BankSource for OneBank<'_> {
    fn commit(&mut self, _beats: f64) {}

    fn current(&self) -> &Bank {
        self.0
    }
}

/// Where notes are written down.
#[derive(Default)]
struct Paper {
    /// Where the block under way begins, in beats.
    block: f64,
    notes: Vec<Note>,
}

impl NoteSink for Paper {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        let beats = self.block + f64::from(event.sample) / SAMPLES_A_BEAT;
        let (channel, note) = (event.channel, event.note);
        match event.kind {
            NoteKind::On { velocity } => {
                self.notes.push(Note { beats, length_beats: 0.0, channel, note, velocity });
            }
            NoteKind::Off => {
                let mut sounding = self.notes.iter_mut().rev();
                if let Some(ends) = sounding.find(|other| (other.channel, other.note) == (channel, note)) {
                    ends.length_beats = beats - ends.beats;
                }
            }
        }
        Ok(())
    }
}

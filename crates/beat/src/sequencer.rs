//! The sequencer: turns the host's transport into note events, block by block, on the audio thread.
//!
//! It keeps no beat counter. Every block brings its own position; what is kept is which steps have been
//! decided, which decided onsets still wait, and which notes sound. See `docs` of [`Sequencer::process`].

use libm::floor;

use crate::clock::{Continuity, PlayedStretch, continuity, margin};
use crate::grid::{CommitMode, Grid, GridLock, GridStep};
use crate::pending::{Onset, PendingOnsets};
use crate::sounding::SoundingNotes;
use crate::transport::{LoopRange, STEP_BEATS, Transport};
use crate::{Bank, INSTRUMENTS, NoteEvent, NoteKind};

/// Where the sequencer takes banks from: below the line, the reading end of the one crossing.
pub trait BankSource {
    /// Makes the newest bank the current one, for a commit at song position `beats`.
    fn commit(&mut self, beats: f64);

    /// The bank of the last commit.
    fn current(&self) -> &Bank;
}

/// Where note events go: the host.
pub trait NoteSink {
    /// Offers the host an event. A refused one is offered again in the next block.
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused>;
}

/// The host's event buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The settings that the audio thread reads itself, once a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Bit `i` silences instrument `i`.
    pub mutes: u16,
    /// How late every second sixteenth is, 0..=1 of half a step.
    pub swing: f32,
    /// How long a note lasts, in steps (0..=1).
    pub gate: f32,
    /// Multiplies velocities, 0..=2; a note-on never leaves 1..=127.
    pub velocity: f32,
    /// When a new bank may start to sound.
    pub commit: CommitMode,
    /// What the steps are laid along.
    pub grid: GridLock,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// Whether the instrument rests: what sounds is ended, then silence.
    pub bypass: bool,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            mutes: 0,
            swing: 0.0,
            gate: 0.5,
            velocity: 1.0,
            commit: CommitMode::Step,
            grid: GridLock::Song,
            channel: 9,
            bypass: false,
        }
    }
}

/// What sounds now, for the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playhead {
    /// The step of the pattern, 0..32.
    pub step: usize,
    /// The take of the bank, 0..8.
    pub take: usize,
}

/// Half a step: the farthest an onset is moved, and how far ahead a step with early onsets is decided.
const HALF_STEP: f64 = STEP_BEATS / 2.0;
/// A step this close behind a decided one is the same step, its position rounded differently.
const SAME_STEP: f64 = STEP_BEATS / 4.0;
/// Positions are compared with this tolerance, far below any sample.
const EXACT: f64 = 1e-6;

/// See the module's documentation. Its size is fixed; nothing in it allocates, locks or waits.
#[derive(Clone, Debug)]
pub struct Sequencer {
    last: Option<PlayedStretch>,
    /// Steps before this beat are decided, or not to be played.
    undecided: f64,
    /// The last start, seek target or loop start: nothing sounds before it.
    origin: f64,
    pending: PendingOnsets,
    sounding: SoundingNotes,
    playhead: Option<Playhead>,
    lost: u32,
}

/// A part of a block without a jump in it.
#[derive(Clone, Copy)]
struct Stretch {
    first: u32,
    end: u32,
    /// The song position of sample `first`.
    beats: f64,
    beats_per_sample: f64,
    /// Steps from here on belong to what follows a loop wrap.
    limit: f64,
}

impl Stretch {
    /// The sample nearest to a song position; a position that has passed is due at once.
    fn sample_of(&self, beats: f64) -> i64 {
        let samples = floor((beats - self.beats) / self.beats_per_sample + 0.5);
        i64::from(self.first).saturating_add(samples.max(0.0) as i64)
    }
}

impl Sequencer {
    /// At rest.
    pub const fn new() -> Self {
        Self {
            last: None,
            undecided: 0.0,
            origin: 0.0,
            pending: PendingOnsets::new(),
            sounding: SoundingNotes::new(),
            playhead: None,
            lost: 0,
        }
    }

    /// Plays one block: sends every note event of its samples, in order of time, note-offs before
    /// note-ons at the same sample.
    ///
    /// A note counts as sounding from the accepted note-on to the accepted note-off, whatever happens
    /// between; stop, seek, loop wrap and bypass end what sounds before anything new starts.
    pub fn process<B: BankSource, N: NoteSink>(
        &mut self,
        transport: &Transport,
        playback: &Playback,
        banks: &mut B,
        sink: &mut N,
    ) {
        self.sounding.begin_block();
        let mut block =
            Block { playback, grid: Grid::new(playback.grid, transport.bar), banks, sink, full: false };
        if !transport.rolls() || playback.bypass {
            self.rest();
            self.send_rest(&mut block);
            return;
        }
        match continuity(self.last.as_ref(), transport) {
            Continuity::Linear => {}
            Continuity::LoopStart(start) => self.jump(start, start, &mut block),
            Continuity::Jump => {
                self.jump(transport.beats, transport.beats - transport.beats_per_sample() / 2.0, &mut block);
            }
        }
        self.play_block(transport, &mut block);
    }

    /// Forgets the song position and lets everything that sounds end at the start of the next block
    /// that is processed. For a reset or a change of the host's configuration.
    pub fn reset(&mut self) {
        self.rest();
    }

    /// What sounds now, or `None` at rest.
    pub fn playhead(&self) -> Option<Playhead> {
        self.playhead
    }

    /// How many onsets were given up because the host refused events for too long.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// How many notes sound.
    pub fn sounding(&self) -> usize {
        self.sounding.notes().len()
    }

    fn rest(&mut self) {
        self.last = None;
        self.playhead = None;
        self.pending.clear();
        self.sounding.release_all();
    }

    fn send_rest<B: BankSource, N: NoteSink>(&mut self, block: &mut Block<'_, B, N>) {
        while !self.sounding.notes().is_empty() && self.end_note(0, 0, block) {}
    }

    /// Everything that sounds ends, decided onsets are dropped, and play goes on at `origin` with the
    /// steps from `undecided` on, read from the newest bank.
    fn jump<B: BankSource, N: NoteSink>(&mut self, origin: f64, undecided: f64, block: &mut Block<'_, B, N>) {
        self.pending.clear();
        self.sounding.release_all();
        self.playhead = None;
        self.undecided = undecided - EXACT;
        self.origin = origin;
        block.banks.commit(origin);
    }

    /// Plays the stretches of a block between the loop wraps that have to be inferred.
    fn play_block<B: BankSource, N: NoteSink>(&mut self, transport: &Transport, block: &mut Block<'_, B, N>) {
        let beats_per_sample = transport.beats_per_sample();
        let margin = margin(transport);
        let loop_range = transport.loop_range.filter(|range| range.is_longer_than(2.0 * margin));
        let mut stretch = Stretch {
            first: 0,
            end: transport.frames,
            beats: transport.beats,
            beats_per_sample,
            limit: f64::INFINITY,
        };
        let mut inferred_wrap = None;
        loop {
            let wrap =
                loop_range.filter(|range| lies_inside(stretch.beats, range, margin)).and_then(|range| {
                    stretch.limit = range.end - EXACT;
                    let end = stretch.beats + f64::from(transport.frames - stretch.first) * beats_per_sample;
                    (end > range.end + margin).then_some(range)
                });
            let wrap_sample =
                wrap.map(|range| stretch.sample_of(range.end)).filter(|&at| at > i64::from(stretch.first));
            stretch.end =
                wrap_sample.map_or(transport.frames, |at| at.min(i64::from(transport.frames)) as u32);
            self.play_stretch(&stretch, block);
            let (Some(range), Some(_)) = (wrap, wrap_sample) else { break };
            let passed = f64::from(stretch.end - stretch.first) * beats_per_sample;
            let beats = range.start + (stretch.beats + passed - range.end);
            self.jump(range.start, range.start, block);
            inferred_wrap = Some(range.start);
            stretch = Stretch {
                first: stretch.end,
                end: transport.frames,
                beats,
                beats_per_sample,
                limit: f64::INFINITY,
            };
        }
        // A block after an inferred wrap goes on from it also where the host lands a little elsewhere.
        self.last = Some(PlayedStretch {
            beats: stretch.beats,
            frames: transport.frames - stretch.first,
            tempo: transport.tempo,
            sample_rate: transport.sample_rate,
            inferred_wrap,
        });
    }

    /// Takes decisions, note-offs and note-ons of one stretch in order of their samples.
    fn play_stretch<B: BankSource, N: NoteSink>(&mut self, stretch: &Stretch, block: &mut Block<'_, B, N>) {
        let mut reached = i64::from(stretch.first);
        loop {
            let step = block.grid.at_or_after(self.undecided.max(-EXACT));
            let decision = match step.beats < stretch.limit {
                true => stretch.sample_of(self.decision_beats(&step, block.banks.current())),
                false => i64::MAX,
            };
            let onset = stretch.sample_of(self.pending.next_beats());
            let ends =
                self.sounding.notes().iter().map(|note| note.end_sample(|beats| stretch.sample_of(beats)));
            let end = ends.min().unwrap_or(i64::MAX);
            let notes = if block.full { i64::MAX } else { onset.min(end) };
            // What a change of model ends is due at once, and at once is not before what was sent.
            reached = decision.min(notes).max(reached);
            if reached >= i64::from(stretch.end) {
                return;
            }
            if decision <= reached {
                self.decide(&step, block);
            } else {
                self.play_sample(reached as u32, stretch, block);
            }
        }
    }

    /// A step with early onsets is decided half a step ahead, any other when it comes.
    fn decision_beats(&self, step: &GridStep, bank: &Bank) -> f64 {
        let ahead = if bank.anticipates(step.cycle) { HALF_STEP } else { 0.0 };
        (step.beats - ahead).max(self.origin).max(0.0)
    }

    /// Commits where this step may, and lays the step's onsets into the queue for good.
    fn decide<B: BankSource, N: NoteSink>(&mut self, step: &GridStep, block: &mut Block<'_, B, N>) {
        let earliest = self.decision_beats(step, block.banks.current());
        self.undecided = step.beats + SAME_STEP;
        if step.commits(block.playback.commit) {
            let model = block.banks.current().model();
            block.banks.commit(step.beats);
            if block.banks.current().model() != model {
                self.sounding.release_all();
            }
        }
        let bank = block.banks.current();
        let take = bank.take(step.cycle);
        self.playhead = Some(Playhead { step: step.step, take: bank.take_index(step.cycle) });
        let swing =
            if step.swings() { f64::from(block.playback.swing.clamp(0.0, 1.0)) * HALF_STEP } else { 0.0 };
        let onsets = take.onsets.step(step.step);
        for instrument in (0..INSTRUMENTS).filter(|instrument| onsets >> instrument & 1 == 1) {
            let offset = f64::from(take.offsets[step.step][instrument]) / 127.0 * HALF_STEP;
            let moved = (swing + offset).clamp(-HALF_STEP, HALF_STEP);
            let dropped = self.pending.push(Onset {
                beats: (step.beats + moved).max(earliest),
                instrument: instrument as u8,
                note: bank.kit().note(instrument),
                velocity: take.velocities[step.step][instrument],
            });
            self.lost += u32::from(dropped);
        }
    }

    /// Sends what is due at one sample: note-offs, the ends of notes that are struck again, note-ons.
    fn play_sample<B: BankSource, N: NoteSink>(
        &mut self,
        sample: u32,
        stretch: &Stretch,
        block: &mut Block<'_, B, N>,
    ) {
        let now = i64::from(sample);
        let mut index = 0;
        while let Some(note) = self.sounding.notes().get(index) {
            if note.end_sample(|beats| stretch.sample_of(beats)) > now {
                index += 1;
            } else if !self.end_note(index, sample, block) {
                return;
            }
        }
        let channel = block.playback.channel.min(15);
        for index in 0..self.pending.onsets().len() {
            let onset = self.pending.onsets()[index];
            if stretch.sample_of(onset.beats) > now || block.playback.mutes >> onset.instrument & 1 == 1 {
                continue;
            }
            let again = self.sounding.position(channel, onset.note);
            if again.is_some_and(|at| {
                !self.sounding.notes()[at].started_at(sample) && !self.end_note(at, sample, block)
            }) {
                return;
            }
        }
        self.start_notes(sample, channel, stretch, block);
    }

    fn start_notes<B: BankSource, N: NoteSink>(
        &mut self,
        sample: u32,
        channel: u8,
        stretch: &Stretch,
        block: &mut Block<'_, B, N>,
    ) {
        let mut index = 0;
        while let Some(&onset) = self.pending.onsets().get(index) {
            if stretch.sample_of(onset.beats) > i64::from(sample) {
                index += 1;
                continue;
            }
            let muted = block.playback.mutes >> onset.instrument & 1 == 1;
            // Two instruments on one note at one sample are one note.
            if !muted && self.sounding.position(channel, onset.note).is_none() {
                if self.sounding.is_full() && !self.end_note(0, sample, block) {
                    return;
                }
                let velocity = f32::from(onset.velocity) * block.playback.velocity.clamp(0.0, 2.0) + 0.5;
                let kind = NoteKind::On { velocity: velocity.clamp(1.0, 127.0) as u8 };
                if !block.send(NoteEvent { sample, channel, note: onset.note, kind }) {
                    return;
                }
                let gate = f64::from(block.playback.gate.clamp(0.0, 1.0)) * STEP_BEATS;
                self.sounding.started(channel, onset.note, onset.beats + gate, sample);
            }
            self.pending.remove(index);
        }
    }

    /// Offers the note-off of the sounding note at `index`; false where the host refuses.
    fn end_note<B: BankSource, N: NoteSink>(
        &mut self,
        index: usize,
        sample: u32,
        block: &mut Block<'_, B, N>,
    ) -> bool {
        let taken = block.send(self.sounding.notes()[index].note_off(sample));
        if taken {
            self.sounding.ended(index);
        }
        taken
    }
}

impl Default for Sequencer {
    fn default() -> Self {
        Self::new()
    }
}

/// What one call of `process` works with.
struct Block<'a, B, N> {
    playback: &'a Playback,
    grid: Grid,
    banks: &'a mut B,
    sink: &'a mut N,
    /// The host has refused an event: nothing more is offered before the next block, so that the order
    /// of events holds.
    full: bool,
}

impl<B, N: NoteSink> Block<'_, B, N> {
    fn send(&mut self, event: NoteEvent) -> bool {
        self.full = self.full || self.sink.try_send(event).is_err();
        !self.full
    }
}

fn lies_inside(beats: f64, range: &LoopRange, margin: f64) -> bool {
    beats >= range.start - margin && beats < range.end - EXACT
}

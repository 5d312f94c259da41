//! The sequencer: turns the host's transport into note events, block by block, on the audio thread.
//!
//! It keeps no beat counter. Every block brings its own position; what is kept is which steps have been
//! decided, which decided onsets still wait, and which notes sound. A block is cut into segments without a
//! jump; in each, steps are decided and events are sent in order of time ([`schedule`], [`block`]).

mod block;
mod schedule;

use crate::clock::GridLock;
use crate::fault::{Fault, Planted};
use crate::notes::{Onset, PendingOnsets, Sounding, SoundingNotes};
use crate::settings::Playback;
use crate::transport::{Continuity, LoopRange, PlayedSegment, Transport, continuity};
use crate::{Bank, DrumHit, Grid, NoteEvent};
use block::Block;

/// Where the sequencer takes banks from: in the plugin, the reading end of the triple buffer.
pub trait BankSource {
    /// Makes the newest bank the current one, for a commit at song position `beats`.
    fn commit(&mut self, beats: f64);

    /// The bank of the last commit.
    fn current(&self) -> &Bank;

    /// The grid of the bank that a commit would take now: another grid waits for a bar.
    fn newest_grid(&self) -> Grid;
}

/// Where note events go: the host.
pub trait NoteSink {
    /// Offers the host an event. A refused one is offered again in the next block.
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused>;

    /// Hears a hit at its own sample, once, whether or not the host takes its note. Calls come in order of
    /// time.
    fn sound(&mut self, _hit: &DrumHit) {}
}

/// The host's event buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The current step, for the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playhead {
    /// The step of the pattern, below the steps of its grid.
    pub step: usize,
    /// The cycle of the song: its pass through the pattern.
    pub cycle: i64,
    /// The step within its bar.
    pub in_bar: usize,
}

/// A step less than this part of one after a decided step is the same, its position rounded differently. It is more
/// than hosts round, and less than steps of different bars or grids are apart.
const SAME_STEP: f64 = 1.0 / 16.0;
/// Positions are compared with this tolerance: more than CLAP's rounding to 2^-31 beats takes away, and
/// 0.003 samples where they are shortest, at 10 BPM and 384 kHz.
pub(crate) const EXACT: f64 = 1e-9;

/// See the module's documentation. It has a fixed size; nothing in it allocates, locks or waits.
#[derive(Clone, Debug)]
pub struct Sequencer {
    last: Option<PlayedSegment>,
    /// Steps before this beat are decided, or not to be played.
    undecided: f64,
    /// The last start, seek target, loop start or change of grid: nothing decided since sounds before it.
    origin: f64,
    pending: PendingOnsets,
    sounding: SoundingNotes,
    playhead: Option<Playhead>,
    lost: u32,
    /// The loop whose end the host has rolled past within a block: no wrap is inferred there any more.
    rolled_past: Option<LoopRange>,
    planted: Planted,
}

impl Sequencer {
    /// At rest.
    pub const fn new() -> Self {
        Self {
            last: None,
            undecided: 0.0,
            origin: 0.0,
            pending: PendingOnsets::new(Onset::UNUSED),
            sounding: SoundingNotes::new(Sounding::UNUSED),
            playhead: None,
            lost: 0,
            rolled_past: None,
            planted: Planted::NONE,
        }
    }

    /// At rest, with a planted fault.
    #[cfg(feature = "faults")]
    pub const fn with_fault(fault: Fault) -> Self {
        Self { planted: Planted::new(fault), ..Self::new() }
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
        let playback = &playback.finite();
        self.sounding.iter_mut().for_each(|note| note.not_before = 0);
        let planted = self.planted;
        let lock = match playback.grid {
            _ if planted.is(Fault::IgnoresBars) => GridLock::Song,
            GridLock::FittedBars if planted.is(Fault::IgnoresFit) => GridLock::HostBars,
            lock => lock,
        };
        let compound = transport.compound && !planted.is(Fault::IgnoresCompound);
        let bars = Transport { compound, ..*transport };
        let mut block = Block { playback, bars, lock, banks, sink, full: false, planted };
        if !transport.rolls() || playback.bypass {
            self.rest();
            if !planted.is(Fault::HangsOnStop) {
                self.send_rest(&mut block);
            }
            return;
        }
        let (beats, half_sample) = (transport.beats, transport.beats_per_sample() / 2.0);
        match continuity(self.last.as_ref(), transport) {
            Continuity::Linear if planted.is(Fault::PlainRange) => self.undecided = beats,
            Continuity::Linear if planted.is(Fault::KeepsNoteOffs) => self.keep_note_offs(transport),
            Continuity::Linear => {}
            Continuity::LoopStart(start) => {
                self.rolled_past = None;
                self.jump(start, start, &mut block);
            }
            Continuity::PastLoop(range) => {
                self.rolled_past = Some(range);
                self.jump(beats, beats - half_sample, &mut block);
            }
            Continuity::Jump if planted.is(Fault::MissesStart) => {
                self.jump(beats, beats + 2.0 * half_sample, &mut block);
            }
            Continuity::Jump if planted.is(Fault::ChasesSteps) => {
                self.jump(beats, beats - block.clock().grid().step_beats(), &mut block);
            }
            Continuity::Jump => self.jump(beats, beats - half_sample, &mut block),
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

    /// How many onsets were dropped because the host refused events for too long.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// How many notes sound.
    pub fn sounding(&self) -> usize {
        self.sounding.len()
    }

    fn rest(&mut self) {
        self.last = None;
        self.playhead = None;
        self.pending.clear();
        self.sounding.release_all();
    }

    /// Ends all notes, drops decided onsets, and continues at `origin` with the steps from `undecided` on and
    /// the newest bank.
    fn jump<B: BankSource, N: NoteSink>(&mut self, origin: f64, undecided: f64, block: &mut Block<'_, B, N>) {
        self.pending.clear();
        if !self.planted.is(Fault::HangsOnJump) {
            self.sounding.release_all();
        }
        self.playhead = None;
        self.last = None;
        self.undecided = undecided - EXACT;
        self.origin = origin;
        if !self.planted.is(Fault::SeekKeepsBank) {
            block.banks.commit(origin);
        }
    }
}

impl Sequencer {
    /// A planted fault: note-offs stay the same number of samples away when the tempo changes.
    fn keep_note_offs(&mut self, transport: &Transport) {
        let was = self.last.map_or(transport.tempo, |last| last.tempo);
        for note in self.sounding.iter_mut() {
            note.end_beats = transport.beats + (note.end_beats - transport.beats) * transport.tempo / was;
        }
    }
}

impl Default for Sequencer {
    fn default() -> Self {
        Self::new()
    }
}

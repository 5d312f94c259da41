//! Everything of ours that the host's audio thread runs: no allocation, no lock, no log, no system call. The
//! one exception is the wait of an offline render, in `offline.rs`.

mod bar_counter;
mod built_in_kit;
mod host;
mod offline;

use std::cell::Cell;
use std::thread::Thread;

use beat::{Bank, BankSource, Grid, Sequencer};
use nice_plug::midi::Key;
use nice_plug::prelude::{Buffer, NoteEvent as HostNoteEvent, ProcessContext};

use crate::Beatfield;
use crate::capture::CaptureInput;
use crate::crossing::BankReader;
use crate::crossing::DrumTable;
use crate::own_transport::SongPosition;
use crate::params::BeatfieldParams;
use crate::shared::{Meters, SharedState};
use bar_counter::BarCounter;
use built_in_kit::BuiltInKit;
use host::{HeldNotes, HostNotes, NotesOut};
pub use offline::HostMode;
use offline::OfflineRender;

/// The audio thread's part of an instance.
pub struct AudioSide {
    banks: BankReader,
    sequencer: Sequencer,
    kit: BuiltInKit,
    held: HeldNotes,
    played: CaptureInput,
    offline: OfflineRender,
    /// The bars of the host's song.
    bars: BarCounter,
    /// The song position where there is no host.
    song: SongPosition,
    sample_rate: f64,
}

impl AudioSide {
    /// Reads `banks` and records what it plays in `played`.
    pub fn new(banks: BankReader, played: CaptureInput) -> Self {
        const USUAL_RATE: f64 = 48_000.0;
        Self {
            banks,
            sequencer: Sequencer::new(),
            kit: BuiltInKit::new(USUAL_RATE),
            held: HeldNotes::default(),
            played,
            offline: OfflineRender::default(),
            bars: BarCounter::default(),
            song: SongPosition::default(),
            sample_rate: USUAL_RATE,
        }
    }

    /// Prepares for processing. `decode_thread` is woken in an offline render.
    pub fn configure(&mut self, sample_rate: f64, mode: HostMode, decode_thread: Option<Thread>) {
        self.sample_rate = sample_rate;
        self.offline.configure(mode, decode_thread);
        self.kit.set_rate(sample_rate);
        self.kit.rest();
        self.sequencer.reset();
    }

    /// Resets to silence; note-offs of sounding notes are sent at the start of the next block.
    pub fn reset(&mut self) {
        self.sequencer.reset();
        self.kit.rest();
        self.offline.reset();
    }

    /// Processes one block: notes go to the host, the built-in kit into `buffer`.
    pub fn process(
        &mut self,
        buffer: &mut Buffer<'_>,
        params: &BeatfieldParams,
        meters: &Meters,
        shared: &SharedState,
        context: &mut impl ProcessContext<Beatfield>,
    ) {
        while let Some(event) = context.next_event() {
            take_input(&event, params, meters);
            self.kit.queue_input(&event);
        }
        let frames = buffer.samples() as u32;
        let own_signature = params.metre.value().own_signature();
        let (transport, tempo, signature) = if shared.transport.is_in_charge() {
            let transport = self.song.next(&shared.transport, own_signature, frames, self.sample_rate);
            (transport, Some(transport.tempo), Some(own_signature))
        } else {
            let (tempo, signature) = host::meter(context.transport());
            (host::transport(context.transport(), &mut self.bars, frames, self.sample_rate), tempo, signature)
        };
        meters.show_meter(tempo, signature);
        meters.count_block();
        let grid = params.grid(meters);
        let playback = params.playback();
        let settings = params.settings();
        let waits = self.offline.observe(&transport, params.bounce.value());
        // The drum table changes with each commit, also within a block.
        let drums = Cell::new(self.banks.drums());
        let mut banks = CommittedBanks {
            drums: &drums,
            reader: &mut self.banks,
            grid,
            wait: waits.then(|| self.offline.wait_for(settings, grid, meters)),
        };
        self.played.begin(&transport);
        let mut kit = self.kit.begin(&transport, params.kit_amplitude(), &drums, buffer.as_slice());
        let out = if params.notes_out.value() { NotesOut::Host } else { NotesOut::Nowhere };
        let mut host =
            HostNotes { context, meters, kit: &mut kit, held: &mut self.held, played: &mut self.played, out };
        host.send_late_ends();
        self.sequencer.process(&transport, &playback, &mut banks, &mut host);
        kit.finish();
        let moved =
            meters.show_playhead(self.sequencer.playhead()) | meters.show_committed(self.banks.number());
        let turned = meters.show_transport(transport.rolls(), waits);
        meters.show_lost(self.sequencer.lost());
        if moved || turned {
            shared.repaint.request_repaint();
        }
    }
}

/// The sequencer's banks: the newest of the block's grid at each commit, which an offline render waits for.
struct CommittedBanks<'a> {
    drums: &'a Cell<DrumTable>,
    reader: &'a mut BankReader,
    /// The grid of this block.
    grid: Grid,
    wait: Option<offline::Wait<'a>>,
}

impl BankSource for CommittedBanks<'_> {
    fn commit(&mut self, _beats: f64) {
        let arrived = self.reader.take_newest(self.grid);
        if let Some(wait) = &mut self.wait {
            wait.until_answered(self.reader, arrived);
        }
        self.drums.set(self.reader.drums());
    }

    fn current(&self) -> &Bank {
        self.reader.current()
    }

    fn newest_grid(&self) -> Grid {
        // An offline render waits for the first bank of a grid too.
        let comes = self.wait.is_some() || self.reader.has(self.grid);
        if comes { self.grid } else { *self.reader.current().grid() }
    }
}

/// Handles an incoming note: notes 0 to 3 choose scenes, any note is shown to the window.
fn take_input<S>(event: &HostNoteEvent<S>, params: &BeatfieldParams, meters: &Meters) {
    match event {
        HostNoteEvent::NoteOn { key: Key::Number(note), .. } => {
            params.held.note_on(*note);
            meters.show_input_note(*note);
        }
        HostNoteEvent::NoteOff { key, .. } | HostNoteEvent::Choke { key, .. } => match key {
            Key::Number(note) => params.held.note_off(*note),
            Key::Wildcard => params.held.release(),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::midi::{Channel, VoiceID};

    #[test]
    fn a_held_scene_note_ends_with_its_note_off_and_its_choke() {
        let (params, meters) = (BeatfieldParams::default(), Meters::default());
        let (timing, voice_id, channel) = (0, VoiceID::Wildcard, Channel::Number(0));
        let off = |key| HostNoteEvent::<()>::NoteOff { timing, voice_id, channel, key, velocity: 0.0 };
        let choke = |key| HostNoteEvent::<()>::Choke { timing, voice_id, channel, key };
        for key in [Key::Number(2), Key::Wildcard] {
            for end in [off(key), choke(key)] {
                let on = HostNoteEvent::<()>::NoteOn {
                    timing,
                    voice_id,
                    channel,
                    key: Key::Number(2),
                    velocity: 0.5,
                };
                take_input(&on, &params, &meters);
                assert_eq!(params.held.scene(), Some(2));
                take_input(&end, &params, &meters);
                assert_eq!(params.held.scene(), None, "{end:?}");
            }
        }
    }
}

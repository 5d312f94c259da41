//! Below the line: everything of ours that the host's audio thread runs.
//!
//! No allocation, no lock, no log, no system call. The one exception, the wait of an offline render, is
//! in `offline.rs`.

mod host;
mod offline;

use std::thread::Thread;

use beat::{Bank, BankSource, NoteEvent, NoteKind, NoteSink, Refused, Sequencer};
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::{NoteEvent as HostNoteEvent, ProcessContext};

use crate::Beatfield;
use crate::crossing::BankReader;
use crate::display::{Meters, Stage};
use crate::params::BeatfieldParams;
pub use offline::HostMode;
use offline::OfflineRender;

/// Takes an incoming note: the lowest octave holds scenes, anything is shown to the window.
pub(crate) fn hear<S>(event: &HostNoteEvent<S>, params: &BeatfieldParams, meters: &Meters) {
    match event {
        HostNoteEvent::NoteOn { key: Key::Number(note), .. } => {
            params.held.note_on(*note);
            meters.show_heard(*note);
        }
        HostNoteEvent::NoteOff { key: Key::Number(note), .. } => params.held.note_off(*note),
        HostNoteEvent::NoteOff { key: Key::Wildcard, .. } => params.held.release(),
        _ => {}
    }
}

/// The audio thread's side of an instance.
pub struct AudioSide {
    banks: BankReader,
    sequencer: Sequencer,
    offline: OfflineRender,
    sample_rate: f64,
}

impl AudioSide {
    /// The side that reads `banks`.
    pub fn new(banks: BankReader) -> Self {
        Self { banks, sequencer: Sequencer::new(), offline: OfflineRender::default(), sample_rate: 48_000.0 }
    }

    /// The host announces how it will call. `decode_thread` is woken while rendering offline.
    pub fn configure(&mut self, sample_rate: f64, mode: HostMode, decode_thread: Option<Thread>) {
        self.sample_rate = sample_rate;
        self.offline.configure(mode, decode_thread);
        self.sequencer.reset();
    }

    /// Play begins anew; what sounds is ended at the start of the next block.
    pub fn reset(&mut self) {
        self.sequencer.reset();
        self.offline.reset();
    }

    /// Plays one block of `frames` samples.
    pub fn process(
        &mut self,
        frames: u32,
        params: &BeatfieldParams,
        meters: &Meters,
        stage: &Stage,
        context: &mut impl ProcessContext<Beatfield>,
    ) {
        let transport = host::transport(context.transport(), frames, self.sample_rate);
        let playback = params.playback();
        let settings = params.settings();
        let waits = self.offline.observe(&transport, params.bounce.value());
        let mut banks = CommittedBanks {
            reader: &mut self.banks,
            wait: waits.then(|| self.offline.wait_for(settings, meters)),
        };
        let mut host = HostNotes { context, meters };
        self.sequencer.process(&transport, &playback, &mut banks, &mut host);
        let moved =
            meters.show_playhead(self.sequencer.playhead()) | meters.show_committed(self.banks.number());
        let turned = meters.show_transport(transport.rolls(), waits);
        meters.show_lost(self.sequencer.lost());
        if moved || turned {
            stage.repaint.request_repaint();
        }
    }
}

/// Banks as the sequencer takes them: the newest at a commit, which an offline render waits for.
struct CommittedBanks<'a> {
    reader: &'a mut BankReader,
    wait: Option<offline::Wait<'a>>,
}

impl BankSource for CommittedBanks<'_> {
    fn commit(&mut self, _beats: f64) {
        let arrived = self.reader.take_newest();
        if let Some(wait) = &mut self.wait {
            wait.until_answered(self.reader, arrived);
        }
    }

    fn current(&self) -> &Bank {
        self.reader.current()
    }
}

/// The host as the sequencer sees it.
struct HostNotes<'a, C> {
    context: &'a mut C,
    meters: &'a Meters,
}

impl<C: ProcessContext<Beatfield>> NoteSink for HostNotes<'_, C> {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        let (timing, channel, key) = (event.sample, Channel::Number(event.channel), Key::Number(event.note));
        let voice_id = VoiceID::Wildcard;
        let event = match event.kind {
            NoteKind::On { velocity } => {
                let velocity = f32::from(velocity) / 127.0;
                HostNoteEvent::NoteOn { timing, voice_id, channel, key, velocity }
            }
            NoteKind::Off => HostNoteEvent::NoteOff { timing, voice_id, channel, key, velocity: 0.0 },
        };
        let starts = matches!(event, HostNoteEvent::NoteOn { .. });
        self.context.try_send_event(event).map_err(|_| Refused)?;
        if starts {
            self.meters.count_note();
        }
        Ok(())
    }
}

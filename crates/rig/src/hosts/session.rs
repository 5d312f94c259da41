//! A session: an active instance, its transport, and the recording of what it plays.

use crate::hosts::{
    BlockInput, BlockOutput, HostError, HostTransport, Instance, LoopWrap, Mode, ParameterChange,
    ParameterId, PluginFormat, Recorder, Recording, Setup,
};
use beat::NoteEvent;
use std::time::{Duration, Instant};

/// An active instance with a transport and a recorder. Settings act from the next block on.
pub struct Session<'a> {
    instance: &'a mut Instance,
    transport: HostTransport,
    wrap: LoopWrap,
    recorder: Recorder,
    block: BlockInput,
    output: BlockOutput,
    peak: f32,
    /// Left and right so far, where they are kept.
    audio: Option<[Vec<f32>; 2]>,
}

impl<'a> Session<'a> {
    /// Activates `instance`; its transport stands at bar 1 with `tempo` quarter notes a minute.
    ///
    /// # Errors
    /// The instance does not activate.
    pub fn start(instance: &'a mut Instance, setup: Setup, tempo: f64) -> Result<Self, HostError> {
        instance.activate(setup)?;
        Ok(Self {
            instance,
            transport: HostTransport::new(setup.rate, tempo),
            wrap: setup.behaviour.loop_wrap,
            recorder: Recorder::new(setup.rate),
            block: BlockInput::default(),
            output: BlockOutput::default(),
            peak: 0.0,
            audio: None,
        })
    }

    /// The transport, to play, stop, seek and change the tempo between blocks.
    pub fn transport(&mut self) -> &mut HostTransport {
        &mut self.transport
    }

    /// The instance, for its state and values.
    pub fn instance(&mut self) -> &mut Instance {
        self.instance
    }

    /// Automates a parameter at the start of the next block; `value` is 0..=1 over its range.
    pub fn set(&mut self, parameter: ParameterId, value: f64) {
        self.block.changes.push(ParameterChange { sample: 0, parameter, value });
    }

    /// Automates the parameter called `name` to the value of a text, as typed by a user.
    ///
    /// # Errors
    /// There is no such parameter, or it does not understand the text.
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), HostError> {
        let parameter = self.instance.parameter(name)?;
        let value = self.instance.parse(parameter, text)?;
        self.set(parameter, value);
        Ok(())
    }

    /// Sets the plugin's *Bounce* parameter to the mode under VST3, where the wrapper reports the process mode
    /// of the activation before.
    ///
    /// # Errors
    /// The plugin has no such parameter.
    pub fn set_bounce(&mut self, mode: Mode) -> Result<(), HostError> {
        let exact = mode == Mode::Offline && self.instance.format() == PluginFormat::Vst3;
        self.set_text("Bounce", if exact { "Exact" } else { "Auto" })
    }

    /// Plays a note into the plugin within the next block.
    pub fn play_note(&mut self, note: NoteEvent) {
        self.block.notes.push(note);
    }

    /// Renders one block of the host of `frames` samples, in which a loop may wrap several times.
    ///
    /// # Errors
    /// The plugin failed.
    pub fn render(&mut self, frames: u32) -> Result<(), HostError> {
        let mut left = frames;
        while left > 0 {
            let frames = match (self.wrap, self.transport.samples_to_wrap()) {
                (LoopWrap::Split, Some(samples)) => left.min(u32::try_from(samples).unwrap_or(left)),
                _ => left,
            };
            self.process(frames)?;
            left -= frames;
        }
        Ok(())
    }

    /// Renders until the song has moved by `beats` quarter notes in linear play at this tempo, in blocks
    /// of the sizes that `sizes` gives.
    ///
    /// # Errors
    /// The plugin failed.
    pub fn render_beats(
        &mut self,
        beats: f64,
        sizes: impl IntoIterator<Item = u32>,
    ) -> Result<(), HostError> {
        let tempo = self.transport.position().tempo;
        let mut left = (beats * 60.0 * self.transport.rate() / tempo).round() as u64;
        let mut sizes = sizes.into_iter();
        while left > 0 {
            let Some(size) = sizes.next() else { break };
            let frames = u32::try_from(left).map_or(size, |left| size.min(left)).max(1);
            self.render(frames)?;
            left -= u64::from(frames);
        }
        Ok(())
    }

    /// Renders `beats` quarter notes at this tempo in real time, in blocks of `frames` samples.
    ///
    /// # Errors
    /// The plugin failed.
    pub fn render_realtime(&mut self, beats: f64, frames: u32) -> Result<(), HostError> {
        let (start, rate) = (Instant::now(), self.transport.rate());
        let seconds = beats * 60.0 / self.transport.position().tempo;
        let blocks = (seconds * rate / f64::from(frames)).ceil() as u32;
        for block in 1..=blocks {
            self.render(frames)?;
            let due = Duration::from_secs_f64(f64::from(block * frames) / rate);
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
        Ok(())
    }

    /// Chokes a note that was played into the plugin, at the start of the next block (CLAP only; VST3 has no such
    /// event).
    pub fn choke(&mut self, channel: u8, note: u8) {
        self.block.chokes.push((channel, note));
    }

    /// Lets time pass while no block is processed. Main-thread callbacks run, as in a host whose audio is stopped;
    /// edits of the plugin's window reach the plugin alone.
    pub fn wait_without_blocks(&mut self, time: Duration) {
        const IDLE_INTERVAL: Duration = Duration::from_millis(10);
        let start = Instant::now();
        while start.elapsed() < time {
            self.instance.idle();
            std::thread::sleep(IDLE_INTERVAL.min(time));
        }
        self.instance.idle();
    }

    /// CLAP `reset`, VST3 `setProcessing(0)` and `(1)`.
    ///
    /// # Errors
    /// The plugin failed.
    pub fn reset(&mut self) -> Result<(), HostError> {
        self.instance.reset()
    }

    /// What has been recorded so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The note events of the last block that was processed.
    pub fn last_events(&self) -> &[NoteEvent] {
        &self.output.notes
    }

    /// How long the plugin's last call of `process` took.
    pub fn last_cost(&self) -> Duration {
        self.output.cost
    }

    /// The largest amplitude so far.
    pub fn peak(&self) -> f32 {
        self.peak
    }

    /// Whether the last block was exact silence.
    pub fn is_silent(&self) -> bool {
        self.output.audio.iter().flatten().all(|sample| *sample == 0.0)
    }

    /// Keeps the audio from here on.
    pub fn keep_audio(&mut self) {
        self.audio = Some(Default::default());
    }

    /// Returns the audio that was kept, left and right, and keeps no more; empty where none was.
    pub fn take_audio(&mut self) -> [Vec<f32>; 2] {
        self.audio.take().unwrap_or_default()
    }

    /// Deactivates and returns what was recorded.
    ///
    /// # Errors
    /// The plugin did not deactivate.
    pub fn finish(self) -> Result<Recording, HostError> {
        self.instance.deactivate()?;
        Ok(self.recorder.finish())
    }

    fn process(&mut self, frames: u32) -> Result<(), HostError> {
        let mut block = std::mem::take(&mut self.block);
        block.frames = frames;
        block.steady = self.recorder.elapsed();
        block.position = self.transport.position();
        block.jumps.clear();
        self.advance(&mut block);
        let output = std::mem::take(&mut self.output);
        let (mut block, output) = self.instance.process(block, output)?;
        self.recorder.keep(&block, &output);
        for sample in output.audio.iter().flatten() {
            self.peak = self.peak.max(sample.abs());
        }
        for (kept, played) in self.audio.iter_mut().flatten().zip(&output.audio) {
            kept.extend_from_slice(played);
        }
        block.changes.clear();
        block.notes.clear();
        block.chokes.clear();
        self.block = block;
        self.output = output;
        self.instance.idle();
        Ok(())
    }

    /// Moves the transport over the block, wrapping loops on the way.
    fn advance(&mut self, block: &mut BlockInput) {
        let mut sample = 0;
        let wraps = self.wrap != LoopWrap::PastEnd;
        while let Some(wrap) = self.transport.samples_to_wrap().filter(|_| wraps) {
            let Ok(step) = u32::try_from(wrap) else { break };
            if step > block.frames - sample {
                break;
            }
            self.transport.advance(step);
            self.transport.wrap();
            sample += step;
            if self.wrap == LoopWrap::Announced && sample < block.frames {
                block.jumps.push((sample, self.transport.position()));
            }
        }
        self.transport.advance(block.frames - sample);
    }
}

//! The plugin's interface to the host: names, ports, and the lifecycle.

use std::sync::Arc;

use nice_plug::context::gui::AsyncExecutor;
use nice_plug::prelude::*;

use crate::audio::{AudioSide, HostMode};
use crate::capture::capture_queue;
use crate::crossing::bank_crossing;
use crate::decode::{DecodeThread, Decoding};
use crate::editor::{self, SizedEditor};
use crate::fence::{self, FenceTask};
use crate::load_state;
use crate::params::BeatfieldParams;
use crate::shared::{Meters, SharedState};

/// One instance. Owned by the host's main thread; `process` runs on its audio thread.
pub struct Beatfield {
    params: Arc<BeatfieldParams>,
    meters: Arc<Meters>,
    shared: Arc<SharedState>,
    audio: AudioSide,
    /// Shared with the window, which starts it too.
    decoding: Arc<Decoding>,
    /// The framework's task queue, for the fence at deactivation.
    executor: Option<AsyncExecutor<Self>>,
}

impl Default for Beatfield {
    fn default() -> Self {
        let (writer, reader) = bank_crossing();
        let (input, output) = capture_queue();
        let (params, meters, shared) = (Arc::default(), Arc::default(), Arc::default());
        let decoding =
            Decoding::new(Arc::clone(&params), Arc::clone(&shared), Arc::clone(&meters), writer, output);
        Self {
            params,
            meters,
            shared,
            audio: AudioSide::new(reader, input),
            decoding: Arc::new(decoding),
            executor: None,
        }
    }
}

impl Drop for Beatfield {
    fn drop(&mut self) {
        // The window may be dropped later, and holds it too.
        self.decoding.end();
    }
}

const fn outputs(channels: u32) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: None,
        main_output_channels: Some(new_nonzero_u32(channels)),
        ..AudioIOLayout::const_default()
    }
}

impl Plugin for Beatfield {
    const NAME: &'static str = "Beatfield";
    const VENDOR: &'static str = "Beatfield";
    const URL: &'static str = env!("CARGO_PKG_HOMEPAGE");
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    // For the built-in kit; Live refuses plugins without audio. No layout without outputs: both formats have
    // the same list, and the framework's VST3 side reads the host's outputs also where there are none.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[outputs(2), outputs(1)];
    const MIDI_INPUT: MidiConfig = MidiConfig::Basic;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::Basic;
    // With it, the framework gives a wrong song position within a block.
    const SAMPLE_ACCURATE_AUTOMATION: bool = false;

    type Editor = SizedEditor;
    type SysExMessage = ();
    type BackgroundTask = FenceTask;

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        Box::new(FenceTask::report)
    }

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn filter_state(state: &mut PluginState) {
        load_state::open_older(state);
        load_state::complete(state);
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        self.executor = Some(executor);
        editor::create(self.params.clone(), self.meters.clone(), self.shared.clone(), self.decoding.clone())
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        buffer: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.decoding.start();
        self.shared.transport.take_charge(context.plugin_api() == PluginApi::Standalone);
        let mode = match (context.plugin_api(), buffer.process_mode) {
            (PluginApi::Clap, ProcessMode::Offline) => HostMode::Offline,
            (PluginApi::Clap | PluginApi::Standalone, _) => HostMode::Live,
            (_, _) => HostMode::Unknown,
        };
        let thread = self.decoding.thread();
        let waker = thread.as_ref().and_then(DecodeThread::waker);
        self.audio.configure(f64::from(buffer.sample_rate), mode, waker);
        if let Some(thread) = thread.as_ref() {
            // Without a bank by then the instrument is silent until it comes.
            thread.wait_for(&self.params.settings());
        }
        true
    }

    fn deactivate(&mut self) {
        self.meters.rest();
        self.params.held.release();
        if let Some(executor) = &self.executor {
            fence::drain(executor);
        }
    }

    fn reset(&mut self) {
        self.params.held.release();
        self.audio.reset();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        self.audio.process(buffer, &self.params, &self.meters, &self.shared, context);
        // Hosts suspend an instrument that reports anything else in silence.
        ProcessStatus::KeepAlive
    }
}

impl ClapPlugin for Beatfield {
    const CLAP_ID: &'static str = "org.beatfield.beatfield";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("A map of drum patterns: every point is a beat");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::DrumMachine, ClapFeature::NoteEffect, ClapFeature::Stereo];

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        context.add_section("Beatfield", |section| {
            section.add_page("Pad", |page| {
                page.add_param(&self.params.x);
                page.add_param(&self.params.y);
                page.add_param(&self.params.temperature);
                page.add_param(&self.params.density);
                page.add_param(&self.params.variation);
                page.add_param(&self.params.seed);
                page.add_param(&self.params.swing);
                page.add_param(&self.params.gate);
            });
        });
    }
}

impl Vst3Plugin for Beatfield {
    const VST3_CLASS_ID: [u8; 16] = *b"BeatfieldDrumMap";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Drum];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_ends_a_held_scene() {
        let mut plugin = Beatfield::default();
        plugin.params.held.note_on(1);
        plugin.reset();
        assert_eq!(plugin.params.held.scene(), None);
    }
}

//! The main-thread side of a VST3 instance.

use super::host_objects::{Application, ComponentHandler, MemoryStream, check, text};
use super::module::Module;
use super::processor::{Vst3Processor, process_mode};
#[cfg(target_os = "linux")]
use super::window::Vst3Window;
#[cfg(target_os = "linux")]
use crate::hosts::RequestedSize;
use crate::hosts::audio_thread::AudioThread;
use crate::hosts::instance::HostedPlugin;
use crate::hosts::{
    HostError, Instance, OutputChannels, ParameterChange, ParameterDescription, ParameterId, PluginFormat,
    Setup,
};
use std::ffi::c_void;
use std::sync::Arc;
use vst3::Steinberg::Vst::BusDirections_::{kInput, kOutput};
use vst3::Steinberg::Vst::MediaTypes_::{kAudio, kEvent};
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use vst3::Steinberg::Vst::SpeakerArr::{kEmpty, kMono, kStereo};
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentHandler, IComponentTrait, IEditController,
    IEditControllerTrait, IHostApplication, ParameterInfo, ProcessSetup,
};
use vst3::Steinberg::{IBStream, IPluginBaseTrait, IPluginFactoryTrait, TUID, int32, kResultOk};
use vst3::{ComPtr, ComWrapper, Interface};

/// A VST3 plugin.
pub(in crate::hosts) struct Vst3Plugin {
    // Dropped in this order: the window, the plugin's objects, the host's objects, the library.
    #[cfg(target_os = "linux")]
    window: Option<Vst3Window>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    component: ComPtr<IComponent>,
    setup: Option<Setup>,
    handler: ComWrapper<ComponentHandler>,
    _host: ComWrapper<Application>,
    _module: Arc<Module>,
}

impl Vst3Plugin {
    /// An instance of the library's first audio plugin.
    pub(in crate::hosts) fn create(module: Arc<Module>) -> Result<Instance, HostError> {
        let component = create(&module)?;
        let host = ComWrapper::new(Application);
        let context = host.to_com_ptr::<IHostApplication>().ok_or(HostError::Missing("host"))?;
        // SAFETY: the component is fresh; it holds its own reference to the host, which outlives it.
        check(unsafe { component.initialize(context.as_ptr().cast()) }, "be initialised")?;
        let processor: ComPtr<IAudioProcessor> =
            component.cast().ok_or(HostError::Missing("audio processor"))?;
        let controller: ComPtr<IEditController> =
            component.cast().ok_or(HostError::Missing("edit controller in its component"))?;
        let component_handler = ComWrapper::new(ComponentHandler::default());
        let handler = component_handler
            .to_com_ptr::<IComponentHandler>()
            .ok_or(HostError::Missing("component handler"))?;
        // SAFETY: the controller holds its own reference to the handler, which outlives it.
        check(unsafe { controller.setComponentHandler(handler.as_ptr()) }, "take a component handler")?;
        for media in [kAudio, kEvent] {
            for direction in [kInput, kOutput] {
                let (media, direction) = (media as int32, direction as int32);
                // SAFETY: the component is initialised and inactive; a bus is switched on if there is one.
                unsafe {
                    if component.getBusCount(media, direction) > 0 {
                        component.activateBus(media, direction, 0, 1);
                    }
                }
            }
        }
        let parameters = parameters(&controller);
        let plugin = Self {
            #[cfg(target_os = "linux")]
            window: None,
            processor,
            controller,
            component,
            setup: None,
            handler: component_handler,
            _host: host,
            _module: module,
        };
        Ok(Instance::new(PluginFormat::Vst3, Box::new(plugin), parameters))
    }

    /// Passes a new setup to the plugin; hosts do this once per change.
    fn set_up(&mut self, setup: Setup) -> Result<(), HostError> {
        if self.setup == Some(setup) {
            return Ok(());
        }
        let mut process_setup = ProcessSetup {
            processMode: process_mode(setup.mode),
            symbolicSampleSize: kSample32 as int32,
            maxSamplesPerBlock: setup.most_frames as int32,
            sampleRate: setup.rate,
        };
        self.request_channels(setup.behaviour.channels);
        // SAFETY: the component is inactive, and the plugin copies the setup.
        check(unsafe { self.processor.setupProcessing(&mut process_setup) }, "take a setup")?;
        self.setup = Some(setup);
        Ok(())
    }

    /// Requests an output bus with so many channels; see [`OutputChannels`].
    fn request_channels(&self, channels: OutputChannels) {
        let (mut input, mut output) = (
            kEmpty,
            match channels {
                OutputChannels::None => kEmpty,
                OutputChannels::Mono => kMono,
                OutputChannels::Stereo => kStereo,
            },
        );
        let buses = i32::from(channels != OutputChannels::None);
        // SAFETY: the component is inactive; both arrangements live through the call.
        let accepted = unsafe { self.processor.setBusArrangements(&mut input, 0, &mut output, buses) };
        // A plugin may refuse; the host passes its channels all the same.
        if accepted != kResultOk {}
    }

    fn set_active(&self, on: bool) -> Result<(), HostError> {
        // SAFETY: the component is initialised, and no thread processes it.
        check(unsafe { self.component.setActive(u8::from(on)) }, if on { "activate" } else { "deactivate" })
    }
}

fn create(module: &Module) -> Result<ComPtr<IComponent>, HostError> {
    let factory = module.factory().ok_or(HostError::Missing("factory"))?;
    let mut object: *mut c_void = std::ptr::null_mut();
    let interface: TUID = IComponent::IID.map(|byte| byte as _);
    // SAFETY: both ids are 16 bytes that live through the call; on success the factory returns a
    // counted reference to the requested interface, which ComPtr owns.
    unsafe {
        check(
            factory.createInstance(module.class().as_ptr(), interface.as_ptr(), &mut object),
            "be created",
        )?;
        ComPtr::from_raw(object.cast::<IComponent>()).ok_or(HostError::Missing("component"))
    }
}

fn parameters(controller: &ComPtr<IEditController>) -> Vec<ParameterDescription> {
    let mut parameters = Vec::new();
    // SAFETY: the controller is initialised, and fills the description, which is plain data.
    unsafe {
        for index in 0..controller.getParameterCount() {
            let mut info: ParameterInfo = std::mem::zeroed();
            if controller.getParameterInfo(index, &mut info) == kResultOk
                && info.flags & kIsReadOnly as int32 == 0
            {
                parameters.push(ParameterDescription {
                    id: ParameterId(info.id),
                    name: text(&info.title),
                    default: info.defaultNormalizedValue,
                });
            }
        }
    }
    parameters
}

impl HostedPlugin for Vst3Plugin {
    fn value(&mut self, parameter: ParameterId) -> Option<f64> {
        // SAFETY: the controller is initialised, and the parameter is one of its own.
        Some(unsafe { self.controller.getParamNormalized(parameter.0) })
    }

    fn parse(&mut self, parameter: ParameterId, text: &str) -> Option<f64> {
        let mut units: Vec<_> = text.encode_utf16().chain([0]).map(|unit| unit as _).collect();
        let mut value = 0.0;
        // SAFETY: the text ends with a zero and lives through the call, as does the room for the value.
        let result =
            unsafe { self.controller.getParamValueByString(parameter.0, units.as_mut_ptr(), &mut value) };
        (result == kResultOk).then_some(value)
    }

    fn save(&mut self) -> Result<Vec<u8>, HostError> {
        let stream = ComWrapper::new(MemoryStream::default());
        let pointer = stream.to_com_ptr::<IBStream>().ok_or(HostError::Missing("stream"))?;
        // SAFETY: the component is initialised, and the stream lives through the call.
        check(unsafe { self.component.getState(pointer.as_ptr()) }, "save its state")?;
        Ok(stream.bytes())
    }

    fn load(&mut self, state: &[u8]) -> Result<(), HostError> {
        let stream = |bytes: &[u8]| {
            ComWrapper::new(MemoryStream::of(bytes))
                .to_com_ptr::<IBStream>()
                .ok_or(HostError::Missing("stream"))
        };
        let (first, second) = (stream(state)?, stream(state)?);
        // SAFETY: both sides are initialised, and the streams live through the calls.
        unsafe {
            check(self.component.setState(first.as_ptr()), "load a state")?;
            check(self.controller.setComponentState(second.as_ptr()), "load a state")
        }
    }

    fn activate(&mut self, setup: Setup) -> Result<AudioThread, HostError> {
        self.set_up(setup)?;
        self.set_active(true)?;
        AudioThread::start(Vst3Processor::new(self.processor.clone(), setup))
    }

    fn deactivate(&mut self) -> Result<(), HostError> {
        self.set_active(false)
    }

    fn take_edits(&mut self) -> Vec<ParameterChange> {
        let change = |(id, value)| ParameterChange { sample: 0, parameter: ParameterId(id), value };
        self.handler.take_edits().into_iter().map(change).collect()
    }

    fn idle(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(window) = &self.window {
            window.idle();
        }
    }

    #[cfg(target_os = "linux")]
    fn open_window(&mut self, title: &str, size: RequestedSize) -> Result<(u32, u32), HostError> {
        let (window, pixels) = Vst3Window::open(&self.controller, title, size)?;
        self.window = Some(window);
        Ok(pixels)
    }

    #[cfg(target_os = "linux")]
    fn host_window(&self) -> Option<&crate::desktop::HostWindow> {
        self.window.as_ref().map(Vst3Window::host)
    }

    #[cfg(target_os = "linux")]
    fn close_window(&mut self) {
        self.window = None;
    }
}

impl Drop for Vst3Plugin {
    fn drop(&mut self) {
        // SAFETY: the component was initialised, and no thread processes it any more.
        unsafe { self.component.terminate() };
    }
}

//! The window of a VST3 instance inside a window of the host. Main thread, Linux only.

use super::host_objects::check;
use crate::desktop::HostWindow;
use crate::hosts::{HostError, RequestedSize};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler, TimerInterval,
};
use vst3::Steinberg::Vst::{IEditController, IEditControllerTrait, ViewType::kEditor};
use vst3::Steinberg::{
    IPlugFrame, IPlugFrameTrait, IPlugView, IPlugViewContentScaleSupport, IPlugViewContentScaleSupportTrait,
    IPlugViewTrait, ViewRect, kInvalidArgument, kNotImplemented, kPlatformTypeX11EmbedWindowID, kResultOk,
    tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper};

/// An open window.
pub(super) struct Vst3Window {
    // Dropped in this order, after `IPlugView::removed`.
    view: ComPtr<IPlugView>,
    frame: ComWrapper<PlugFrame>,
    host: HostWindow,
}

impl Vst3Window {
    /// Opens the window on the screen that `DISPLAY` names; returns it with its size in pixels.
    pub(super) fn open(
        controller: &ComPtr<IEditController>,
        title: &str,
        size: RequestedSize,
    ) -> Result<(Self, (u32, u32)), HostError> {
        // SAFETY: the controller is initialised; it returns a counted reference, which ComPtr owns.
        let view = unsafe { ComPtr::from_raw(controller.createView(kEditor)) };
        let view = view.ok_or(HostError::Missing("window"))?;
        let frame = ComWrapper::new(PlugFrame::default());
        let plug_frame = frame.to_com_ptr::<IPlugFrame>().ok_or(HostError::Missing("plug frame"))?;
        // SAFETY: the view is fresh, and the sizes live through the calls. It holds its own reference to the
        // frame; the host's window outlives it, see `drop`.
        unsafe {
            if let Some(scale) = size.scale
                && let Some(scaling) = view.cast::<IPlugViewContentScaleSupport>()
            {
                check(scaling.setContentScaleFactor(scale as f32), "scale its window")?;
            }
            let mut own = rect(0, 0);
            check(view.getSize(&mut own), "give its window's size")?;
            let own = ((own.right - own.left) as u32, (own.bottom - own.top) as u32);
            let (width, height) = size.pixels.unwrap_or(own);
            let host = HostWindow::open(title, width, height)
                .map_err(|error| HostError::Refused { step: "open its window", reason: error.to_string() })?;
            check(view.setFrame(plug_frame.as_ptr()), "take a frame")?;
            let parent = host.handle() as usize as *mut c_void;
            check(view.attached(parent, kPlatformTypeX11EmbedWindowID), "move into the host's window")?;
            let window = Self { view, frame, host };
            if size.pixels.is_some() {
                check(window.view.onSize(&mut rect(width, height)), "resize its window")?;
            }
            Ok((window, (width, height)))
        }
    }

    /// The host's window around it.
    pub(super) fn host(&self) -> &HostWindow {
        &self.host
    }

    /// Runs what the plugin has left for the main thread: the event handlers of its files that can be read, and the
    /// size that it has requested.
    pub(super) fn idle(&self) {
        let handlers = self.frame.lock_handlers().clone();
        for Handler { handler, fd } in handlers {
            let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
            // SAFETY: `poll` is one entry that lives through the call; a registered handler is alive.
            unsafe {
                if libc::poll(&mut poll, 1, 0) > 0
                    && let Some(handler) = ComRef::from_raw(handler)
                {
                    handler.onFDIsSet(fd);
                }
            }
        }
        let requested = self.frame.requested.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((width, height)) = requested else { return };
        // Where the server refuses, the window stays as it is.
        if self.host.resize(width, height).is_ok() {
            // SAFETY: the view is attached, and the size lives through the call.
            unsafe { self.view.onSize(&mut rect(width, height)) };
        }
    }
}

impl Drop for Vst3Window {
    fn drop(&mut self) {
        // SAFETY: the view was attached; its window goes before the host's.
        unsafe {
            self.view.removed();
            self.view.setFrame(null_mut());
        }
    }
}

fn rect(width: u32, height: u32) -> ViewRect {
    ViewRect { left: 0, top: 0, right: width as i32, bottom: height as i32 }
}

/// The host's side of the view and its run loop. The plugin calls it from any thread, the host serves it in
/// [`Vst3Window::idle`].
#[derive(Default)]
struct PlugFrame {
    requested: Mutex<Option<(u32, u32)>>,
    handlers: Mutex<Vec<Handler>>,
}

/// An event handler of the plugin and the file that it waits for.
#[derive(Clone, Copy)]
struct Handler {
    handler: *mut IEventHandler,
    fd: FileDescriptor,
}

// SAFETY: only the main thread uses the pointer, and the plugin unregisters it before it frees the handler.
unsafe impl Send for Handler {}

impl PlugFrame {
    fn lock_handlers(&self) -> MutexGuard<'_, Vec<Handler>> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Class for PlugFrame {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IRunLoopTrait for PlugFrame {
    unsafe fn registerEventHandler(&self, handler: *mut IEventHandler, fd: FileDescriptor) -> tresult {
        self.lock_handlers().push(Handler { handler, fd });
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        self.lock_handlers().retain(|known| known.handler != handler);
        kResultOk
    }

    unsafe fn registerTimer(&self, _handler: *mut ITimerHandler, _interval: TimerInterval) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterTimer(&self, _handler: *mut ITimerHandler) -> tresult {
        kNotImplemented
    }
}

impl IPlugFrameTrait for PlugFrame {
    unsafe fn resizeView(&self, _view: *mut IPlugView, size: *mut ViewRect) -> tresult {
        // SAFETY: the plugin passes one rectangle, or null.
        let Some(size) = (unsafe { size.as_ref() }) else { return kInvalidArgument };
        let pixels = ((size.right - size.left).max(1) as u32, (size.bottom - size.top).max(1) as u32);
        *self.requested.lock().unwrap_or_else(PoisonError::into_inner) = Some(pixels);
        kResultOk
    }
}

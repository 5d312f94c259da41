//! The plugin's requests to the host. They come from any thread and are served on the main thread, between
//! blocks.

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_host::prelude::*;
use clack_host::utils::ClapId;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The host handlers for clack-host.
pub(crate) struct RigHost;

impl HostHandlers for RigHost {
    type Shared<'a> = Requests;
    type MainThread<'a> = MainThread;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Requests) {
        builder.register::<HostParams>().register::<HostState>().register::<HostGui>();
    }
}

/// The requests since the main thread last took them.
#[derive(Default)]
pub(crate) struct Requests {
    callback: AtomicBool,
    /// The requested size of the window, packed; 0 is none.
    size: AtomicU64,
}

impl Requests {
    /// Takes the request for a main-thread callback.
    pub(crate) fn take_callback(&self) -> bool {
        // AcqRel: what the plugin wrote before its request is visible to the callback that follows.
        self.callback.swap(false, Ordering::AcqRel)
    }

    /// Takes the requested size of the window.
    #[cfg(target_os = "linux")]
    pub(crate) fn take_size(&self) -> Option<GuiSize> {
        // Relaxed: it guards no other data.
        let packed = self.size.swap(0, Ordering::Relaxed);
        (packed != 0).then(|| GuiSize::unpack_from_u64(packed))
    }
}

impl HostGuiImpl for Requests {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, size: GuiSize) -> Result<(), HostError> {
        self.size.store(size.pack_to_u64(), Ordering::Relaxed);
        Ok(())
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _destroyed: bool) {}
}

impl SharedHandler<'_> for Requests {
    fn request_restart(&self) {}
    // The rig processes all the time.
    fn request_process(&self) {}
    fn request_callback(&self) {
        // Release: see `take_callback`.
        self.callback.store(true, Ordering::Release);
    }
}

impl HostParamsImplShared for Requests {
    // The next block flushes.
    fn request_flush(&self) {}
}

/// The main-thread side; it has no state, since the rig reads parameters when it needs them.
pub(crate) struct MainThread;

impl MainThreadHandler<'_> for MainThread {}

impl HostParamsImplMainThread for MainThread {
    fn rescan(&self, _flags: ParamRescanFlags) {}
    fn clear(&self, _parameter: ClapId, _flags: ParamClearFlags) {}
}

impl HostStateImpl for MainThread {
    fn mark_dirty(&self) {}
}

//! The plugin's own window inside one of the host's. Main thread, Linux only.

use super::callbacks::Requests;
use super::instance::{ClapInstance, refused};
use crate::desktop::Frame;
use crate::hosts::HostError;
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};

/// How large a window is to be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowSize {
    /// In pixels; none is what the plugin wants.
    pub pixels: Option<(u32, u32)>,
    /// How many pixels the host has for one of a plain screen.
    pub scale: Option<f64>,
}

impl ClapInstance {
    /// Opens the plugin's window on the screen that `DISPLAY` names; returns its size in pixels.
    ///
    /// # Errors
    /// There is no X server, or the plugin has no window for one.
    pub fn open_window(&mut self, title: &str, size: WindowSize) -> Result<(u32, u32), HostError> {
        let gui = self.gui()?;
        let handle = self.plugin.plugin_handle();
        let how = GuiConfiguration { api_type: GuiApiType::X11, is_floating: false };
        gui.create(&handle, how).map_err(|error| refused("make its window", error))?;
        if let Some(scale) = size.scale {
            gui.set_scale(&handle, scale).map_err(|error| refused("scale its window", error))?;
        }
        let own = gui.get_size(&handle).ok_or(HostError::Missing("window size"))?;
        let (width, height) = size.pixels.unwrap_or((own.width, own.height));
        let frame = Frame::open(title, width, height).map_err(|error| refused("open its window", error))?;
        if size.pixels.is_some() {
            gui.set_size(&handle, GuiSize { width, height })
                .map_err(|error| refused("resize its window", error))?;
        }
        let parent = Window::from_x11_handle(frame.handle().into());
        #[allow(unsafe_code, reason = "the plugin draws into a window of ours for as long as it likes")]
        // SAFETY: the frame lives until `close_window`, which destroys the plugin's window first.
        let set = unsafe { gui.set_parent(&handle, parent) };
        set.map_err(|error| refused("move into the host's window", error))?;
        gui.show(&handle).map_err(|error| refused("show its window", error))?;
        self.frame = Some(frame);
        Ok((width, height))
    }

    /// Closes the window, where one is open.
    pub fn close_window(&mut self) {
        if self.frame.is_some()
            && let Ok(gui) = self.gui()
        {
            gui.destroy(&self.plugin.plugin_handle());
        }
        self.frame = None;
    }

    /// How often a size that the plugin asked for was not to be had.
    pub fn refused_sizes(&self) -> u32 {
        self.refused_sizes
    }

    /// Gives the window the size that the plugin has asked for.
    pub(super) fn follow_size(&mut self) {
        let Some(wanted) = self.plugin.access_shared_handler(Requests::take_size) else { return };
        let (Some(frame), Ok(gui)) = (&self.frame, self.gui()) else { return };
        // A server or a plugin that refuses leaves the window as it is.
        let resized = frame.resize(wanted.width, wanted.height).is_ok();
        if !resized || gui.set_size(&self.plugin.plugin_handle(), wanted).is_err() {
            self.refused_sizes += 1;
        }
    }

    fn gui(&self) -> Result<PluginGui, HostError> {
        self.plugin.plugin_shared_handle().get_extension().ok_or(HostError::Missing("window"))
    }
}

//! The host's window around the plugin's.

use super::DesktopError;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt, CreateWindowAux, PropMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A window of the host, in the upper left corner of the screen that `DISPLAY` names.
pub struct Frame {
    connection: RustConnection,
    window: Window,
}

impl Frame {
    /// Opens a window of this size.
    ///
    /// # Errors
    /// There is no X server, or it refuses.
    pub fn open(title: &str, width: u32, height: u32) -> Result<Self, DesktopError> {
        let refused = DesktopError::refused("open a window");
        let (connection, screen) = x11rb::connect(None).map_err(|error| refused(&error))?;
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().map_err(|error| refused(&error))?;
        connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                window,
                root,
                0,
                0,
                pixels(width),
                pixels(height),
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &CreateWindowAux::new(),
            )
            .map_err(|error| refused(&error))?;
        let named = AtomEnum::WM_NAME;
        connection
            .change_property8(PropMode::REPLACE, window, named, AtomEnum::STRING, title.as_bytes())
            .map_err(|error| refused(&error))?;
        connection.map_window(window).map_err(|error| refused(&error))?;
        connection.sync().map_err(|error| refused(&error))?;
        Ok(Self { connection, window })
    }

    /// How a plugin addresses it.
    pub fn handle(&self) -> u32 {
        self.window
    }

    /// Gives the window another size.
    ///
    /// # Errors
    /// The X server refuses.
    pub fn resize(&self, width: u32, height: u32) -> Result<(), DesktopError> {
        let refused = DesktopError::refused("resize a window");
        let size = ConfigureWindowAux::new().width(width.max(1)).height(height.max(1));
        self.connection.configure_window(self.window, &size).map_err(|error| refused(&error))?;
        self.connection.sync().map_err(|error| refused(&error))
    }
}

fn pixels(length: u32) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX).max(1)
}

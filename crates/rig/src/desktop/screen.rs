//! An X server without a screen, a host window on it, and screenshots.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt, CreateWindowAux, EventMask, ImageFormat, PropMode, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Why a window, an input or a screenshot failed.
#[derive(Debug, thiserror::Error)]
pub enum DesktopError {
    /// The machine has no X server to start.
    #[error("Xvfb is not installed; on Debian: apt-get install xvfb")]
    NoServer,
    /// The X server did not come up.
    #[error("Xvfb did not start: {0}")]
    Server(String),
    /// The X server refused something.
    #[error("the X server at {display} refused to {step}: {reason}")]
    Refused {
        /// Which server.
        display: String,
        /// The request.
        step: &'static str,
        /// Its message.
        reason: String,
    },
    /// The keyboard has no such key.
    #[error(
        "no key is called \"{0}\"; there are letters, digits, Left, Right, Up, Down, Escape, Return, space, shift and ctrl"
    )]
    NoKey(String),
    /// An action of a script is invalid.
    #[error(
        "\"{0}\" is no action; there are: move X Y, press, release, right, key NAME, hold NAME, let NAME, wheel N, type TEXT, beats N"
    )]
    NoAction(String),
    /// The screenshot was not written.
    #[error("{path} was not written: {reason}")]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl DesktopError {
    /// A refusal of the server that `DISPLAY` names.
    pub(super) fn refused(step: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Refused {
            display: std::env::var("DISPLAY").unwrap_or_else(|_| "no DISPLAY".to_owned()),
            step,
            reason: reason.to_string(),
        }
    }
}

/// A running Xvfb; dropping it ends the server.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts a server with one screen of this size, on a free display number.
    ///
    /// # Errors
    /// There is no Xvfb, or it does not start.
    pub fn start(width: u32, height: u32) -> Result<Self, DesktopError> {
        let screen = format!("{width}x{height}x24");
        let mut command = Command::new("Xvfb");
        // Without -noreset the server starts anew, and refuses clients meanwhile, each time its last client leaves.
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &screen,
            "+extension",
            "GLX",
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        let mut server = match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(server) => server,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(DesktopError::NoServer),
            Err(error) => return Err(DesktopError::Server(error.to_string())),
        };
        // It writes its number once it accepts connections.
        let mut number = String::new();
        if let Some(output) = server.stdout.take() {
            let read = BufReader::new(output).read_line(&mut number);
            read.map_err(|error| DesktopError::Server(error.to_string()))?;
        }
        let display = Self { server, name: format!(":{}", number.trim()) };
        if number.trim().is_empty() {
            return Err(DesktopError::Server("it ended at once".to_owned()));
        }
        Ok(display)
    }

    /// The value of `DISPLAY` for programs that use it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            drop(self.server.wait());
        }
    }
}

/// A window of the host, in the upper left corner of the screen that `DISPLAY` names.
pub struct HostWindow {
    connection: RustConnection,
    window: Window,
}

impl HostWindow {
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
                &CreateWindowAux::new().event_mask(EventMask::KEY_PRESS),
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

    /// The keysym of the next key that is pressed for the host: in this window, or passed on to it by the plugin.
    /// Waits for it.
    ///
    /// # Errors
    /// The X server ended or refuses.
    pub fn next_key(&self) -> Result<u32, DesktopError> {
        let refused = DesktopError::refused("pass on keys");
        let first = self.connection.setup().min_keycode;
        let count = self.connection.setup().max_keycode - first + 1;
        loop {
            let event = self.connection.wait_for_event().map_err(|error| refused(&error))?;
            let Event::KeyPress(key) = event else { continue };
            let reply =
                self.connection.get_keyboard_mapping(first, count).map_err(|error| refused(&error))?;
            let mapping = reply.reply().map_err(|error| refused(&error))?;
            let index = usize::from(key.detail - first) * usize::from(mapping.keysyms_per_keycode);
            return Ok(mapping.keysyms.get(index).copied().unwrap_or_default());
        }
    }

    /// Its X11 window id.
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

/// Waits for what is drawn on the screen that `DISPLAY` names.
pub struct ScreenChanges {
    connection: RustConnection,
    damage: u32,
}

impl ScreenChanges {
    /// Watches from here on.
    ///
    /// # Errors
    /// There is no X server, or it has no damage extension.
    pub fn watch() -> Result<Self, DesktopError> {
        let refused = DesktopError::refused("report changes of its screen");
        let (connection, screen) = x11rb::connect(None).map_err(|error| refused(&error))?;
        let version = connection.damage_query_version(1, 1).map_err(|error| refused(&error))?;
        version.reply().map_err(|error| refused(&error))?;
        let (root, damage) = (
            connection.setup().roots[screen].root,
            connection.generate_id().map_err(|error| refused(&error))?,
        );
        let created = connection.damage_create(damage, root, ReportLevel::NON_EMPTY);
        created.map_err(|error| refused(&error))?.check().map_err(|error| refused(&error))?;
        Ok(Self { connection, damage })
    }

    /// Waits until something has been drawn since the last call.
    ///
    /// # Errors
    /// The X server ended or refuses.
    pub fn next(&self) -> Result<(), DesktopError> {
        let refused = DesktopError::refused("report changes of its screen");
        while !matches!(
            self.connection.wait_for_event().map_err(|error| refused(&error))?,
            Event::DamageNotify(_)
        ) {}
        let cleared = self.connection.damage_subtract(self.damage, x11rb::NONE, x11rb::NONE);
        cleared.map_err(|error| refused(&error))?.check().map_err(|error| refused(&error))
    }
}

/// The pixels of a part of the screen, three bytes each.
#[derive(Clone, PartialEq, Eq)]
pub struct Screenshot {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Screenshot {
    /// Reads the upper left part of the screen that `DISPLAY` names.
    ///
    /// # Errors
    /// There is no X server, or the part is larger than its screen.
    pub fn take(width: u32, height: u32) -> Result<Self, DesktopError> {
        let refused = DesktopError::refused("show its screen");
        let (connection, screen) = x11rb::connect(None).map_err(|error| refused(&error))?;
        let root = connection.setup().roots[screen].root;
        let length = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
        let (wide, high) = (length(width), length(height));
        let reply = connection.get_image(ImageFormat::Z_PIXMAP, root, 0, 0, wide, high, u32::MAX);
        let image = reply.map_err(|error| refused(&error))?.reply().map_err(|error| refused(&error))?;
        // A screen of 24 bits has four bytes a pixel: blue, green, red, unused.
        let (pixels, _) = image.data.as_chunks::<4>();
        let pixels = pixels.iter().flat_map(|[blue, green, red, _]| [*red, *green, *blue]).collect();
        Ok(Self { width, height, pixels })
    }

    /// Whether it shows more than one colour.
    pub fn shows_something(&self) -> bool {
        let (pixels, _) = self.pixels.as_chunks::<3>();
        pixels.windows(2).any(|two| two[0] != two[1])
    }

    /// Writes it as a PNG file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), DesktopError> {
        let failed = |reason: &dyn std::fmt::Display| DesktopError::Unwritten {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let file = std::fs::File::create(path).map_err(|error| failed(&error))?;
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
        writer.write_image_data(&self.pixels).map_err(|error| failed(&error))?;
        writer.finish().map_err(|error| failed(&error))
    }
}

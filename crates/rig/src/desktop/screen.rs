//! An X server without a screen, a host window on it, and screenshots.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::Path;
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

/// The machine has no X server to start.
#[derive(Debug, thiserror::Error)]
#[error("Xvfb is not installed; on Debian: apt-get install xvfb")]
pub struct NoServer;

/// A running Xvfb; dropping it ends the server.
pub struct Display {
    server: Child,
    name: String,
}

const NOT_STARTED: &str = "Xvfb did not start";

impl Display {
    /// Starts a server with one screen of this size, on a free display number.
    ///
    /// # Errors
    /// There is no Xvfb ([`NoServer`]), or it does not start.
    pub fn start(width: u32, height: u32) -> Result<Self> {
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
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(NoServer.into()),
            started => started.context(NOT_STARTED)?,
        };
        // It writes its number once it accepts connections.
        let mut number = String::new();
        if let Some(output) = server.stdout.take() {
            BufReader::new(output).read_line(&mut number).context(NOT_STARTED)?;
        }
        let display = Self { server, name: format!(":{}", number.trim()) };
        ensure!(!number.trim().is_empty(), "{NOT_STARTED}: it ended at once");
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
    pub fn open(title: &str, width: u32, height: u32) -> Result<Self> {
        let (connection, screen) = x11rb::connect(None)?;
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id()?;
        connection.create_window(
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
        )?;
        let named = AtomEnum::WM_NAME;
        connection.change_property8(PropMode::REPLACE, window, named, AtomEnum::STRING, title.as_bytes())?;
        connection.map_window(window)?;
        connection.sync()?;
        Ok(Self { connection, window })
    }

    /// The keysym of the next key that is pressed for the host: in this window, or passed on to it by the plugin.
    /// Waits for it.
    ///
    /// # Errors
    /// The X server ended or refuses.
    pub fn next_key(&self) -> Result<u32> {
        let first = self.connection.setup().min_keycode;
        let count = self.connection.setup().max_keycode - first + 1;
        loop {
            let event = self.connection.wait_for_event()?;
            let Event::KeyPress(key) = event else { continue };
            let reply = self.connection.get_keyboard_mapping(first, count)?;
            let mapping = reply.reply()?;
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
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = ConfigureWindowAux::new().width(width.max(1)).height(height.max(1));
        self.connection.configure_window(self.window, &size)?;
        Ok(self.connection.sync()?)
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
    pub fn watch() -> Result<Self> {
        let (connection, screen) = x11rb::connect(None)?;
        let version = connection.damage_query_version(1, 1)?;
        version.reply()?;
        let (root, damage) = (connection.setup().roots[screen].root, connection.generate_id()?);
        let created = connection.damage_create(damage, root, ReportLevel::NON_EMPTY);
        created?.check()?;
        Ok(Self { connection, damage })
    }

    /// Waits until something has been drawn since the last call.
    ///
    /// # Errors
    /// The X server ended or refuses.
    pub fn next(&self) -> Result<()> {
        while !matches!(self.connection.wait_for_event()?, Event::DamageNotify(_)) {}
        let cleared = self.connection.damage_subtract(self.damage, x11rb::NONE, x11rb::NONE);
        Ok(cleared?.check()?)
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
    pub fn take(width: u32, height: u32) -> Result<Self> {
        Self::take_on(None, width, height)
    }

    /// Reads the upper left part of the screen of the server of this name.
    ///
    /// # Errors
    /// There is no X server, or the part is larger than its screen.
    pub fn take_on(display: Option<&str>, width: u32, height: u32) -> Result<Self> {
        let (connection, screen) = x11rb::connect(display)?;
        let root = connection.setup().roots[screen].root;
        let length = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
        let (wide, high) = (length(width), length(height));
        let reply = connection.get_image(ImageFormat::Z_PIXMAP, root, 0, 0, wide, high, u32::MAX);
        let image = reply?.reply()?;
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
    pub fn write(&self, path: &Path) -> Result<()> {
        let name = || path.display().to_string();
        let file = std::fs::File::create(path).with_context(name)?;
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().with_context(name)?;
        writer.write_image_data(&self.pixels).with_context(name)?;
        writer.finish().with_context(name)
    }
}

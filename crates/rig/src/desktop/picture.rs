//! Pictures of the screen.

use super::DesktopError;
use std::path::Path;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat};

/// What a part of the screen showed, three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Picture {
    /// Takes the upper left part of the screen that `DISPLAY` names.
    ///
    /// # Errors
    /// There is no X server, or the part is larger than its screen.
    pub fn take(width: u32, height: u32) -> Result<Self, DesktopError> {
        let refused = DesktopError::refused("show its screen");
        let (connection, screen) = x11rb::connect(None).map_err(|error| refused(&error))?;
        let root = connection.setup().roots[screen].root;
        let length = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
        let (wide, high) = (length(width), length(height));
        let asked = connection.get_image(ImageFormat::Z_PIXMAP, root, 0, 0, wide, high, u32::MAX);
        let image = asked.map_err(|error| refused(&error))?.reply().map_err(|error| refused(&error))?;
        // Four bytes a pixel on every screen of 24 bits: blue, green, red, nothing.
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

//! The size of the window as a project keeps it.

use nice_plug::editor::dpi::LogicalSize;
use serde::{Deserialize, Serialize};

/// A window's size in logical pixels, from [`Self::SMALLEST`] to [`Self::LARGEST`] once it is saved state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSize {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl WindowSize {
    /// Below this nothing can be read.
    pub const SMALLEST: Self = Self { width: 560, height: 560 };
    /// More than any screen; a state can't ask for gigabytes of picture.
    pub const LARGEST: Self = Self { width: 3840, height: 2400 };

    /// The nearest size that a window may have.
    pub(super) fn bounded(self) -> Self {
        Self {
            width: self.width.clamp(Self::SMALLEST.width, Self::LARGEST.width),
            height: self.height.clamp(Self::SMALLEST.height, Self::LARGEST.height),
        }
    }

    /// Whether this is that size, but for rounding.
    pub(crate) fn is_near(self, size: LogicalSize<f32>) -> bool {
        (self.width as f32 - size.width).abs() <= 1.0 && (self.height as f32 - size.height).abs() <= 1.0
    }
}

impl Default for WindowSize {
    fn default() -> Self {
        Self { width: 960, height: 860 }
    }
}

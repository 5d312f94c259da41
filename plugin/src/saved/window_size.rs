//! The size of the window as a project keeps it.

use nice_plug::editor::dpi::LogicalSize;
use serde::{Deserialize, Serialize};

/// A window's size in logical pixels, from [`Self::SMALLEST`] to [`Self::LARGEST`] once it is saved state,
/// and how large everything in it is shown. Projects from before the scale was kept have it at 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSize {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
    /// In percent, from [`Self::SMALLEST`] to [`Self::LARGEST`] too.
    pub scale: u32,
}

impl WindowSize {
    /// Below this nothing can be read.
    pub const SMALLEST: Self = Self { width: 280, height: 280, scale: 50 };
    /// More than any screen; a state can't ask for gigabytes of picture.
    pub const LARGEST: Self = Self { width: 3840, height: 2400, scale: 200 };

    /// The nearest size that a window may have.
    pub(super) fn bounded(self) -> Self {
        let (least, most) = (Self::SMALLEST, Self::LARGEST);
        Self {
            width: self.width.clamp(least.width, most.width),
            height: self.height.clamp(least.height, most.height),
            scale: self.scale.clamp(least.scale, most.scale),
        }
    }

    /// How many pixels a point of the toolkit has at this scale.
    pub(crate) fn zoom(self) -> f32 {
        self.scale as f32 / 100.0
    }

    /// The size in points of the toolkit, which know nothing of the scale.
    pub(crate) fn points(self) -> LogicalSize<f32> {
        LogicalSize::new(self.width as f32 / self.zoom(), self.height as f32 / self.zoom())
    }

    /// Whether this is that size in points at that zoom, but for rounding.
    pub(crate) fn is_near(self, points: LogicalSize<f32>, zoom: f32) -> bool {
        let near = |pixels: u32, points: f32| (pixels as f32 - points * zoom).abs() <= 1.0;
        near(self.width, points.width) && near(self.height, points.height) && self.zoom() == zoom
    }
}

impl Default for WindowSize {
    fn default() -> Self {
        Self { width: 960, height: 860, scale: 100 }
    }
}

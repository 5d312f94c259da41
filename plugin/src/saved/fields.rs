//! The other saved fields: which model plays, the four scenes, the size of the window.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use beat::{Grid, Scene};
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

/// The chosen model, by the path of its file, whatever that is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelChoice {
    /// The path as text; `None` is the built-in model.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The bytes of a path that is not UTF-8, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// The name of its grid; `None` is 4/4.
    #[serde(skip_serializing_if = "Option::is_none")]
    grid: Option<String>,
    /// The SHA-256 of the file that was loaded, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why the file could not be used, in a sentence. For readers of the file; ignored on load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl ModelChoice {
    /// The model in this file. Makes the path absolute.
    pub fn of(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let bytes = path.to_str().is_none().then(|| hex::encode(path.as_os_str().as_encoded_bytes()));
        Self { path: Some(path.to_string_lossy().into_owned()), bytes, ..Self::default() }
    }

    /// The grid of the model as far as is known: where the file can't be read, that of the last time.
    pub fn grid(&self) -> Grid {
        self.grid.as_deref().and_then(Grid::named).unwrap_or(Grid::FOUR_FOUR)
    }

    /// Notes the grid of the model.
    pub fn set_grid(&mut self, grid: &Grid) {
        self.grid = (*grid != Grid::FOUR_FOUR).then(|| grid.name().to_owned());
    }

    /// The model file; `None` is the built-in model.
    pub fn file(&self) -> Option<PathBuf> {
        let text = self.path.as_ref()?;
        let exact = self.bytes.as_deref().and_then(path_of_bytes);
        // Bytes of another path than the text: the text was edited.
        Some(exact.filter(|exact| exact.to_string_lossy() == **text).unwrap_or_else(|| text.into()))
    }
}

/// The path of these bytes where the system has such paths. (On Windows a path with an unpaired surrogate is
/// lost.)
fn path_of_bytes(digits: &str) -> Option<PathBuf> {
    let bytes = hex::decode(digits).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(std::ffi::OsString::from_vec(bytes).into())
    }
    #[cfg(not(unix))]
    {
        String::from_utf8(bytes).ok().map(PathBuf::from)
    }
}

/// The number of scenes: A to D.
pub const SCENES: usize = 4;

/// The scenes, each an atomic, since the audio thread reads them. One that was never stored is empty.
#[derive(Debug, Default)]
pub struct Scenes([AtomicU64; SCENES]);

/// A saved scene.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptScene {
    x: f32,
    y: f32,
    temperature: f32,
    seed: u16,
}

/// Steps of a coordinate, as in the parameters.
const PLACES: f32 = 10_000.0;
/// Steps of the temperature from 0 to 1.
const DEGREES: f32 = 100.0;
/// The bit of a stored scene.
const STORED: u64 = 1 << 63;

impl Scenes {
    /// The contents of scene `index` (0..4). Reads an atomic only.
    pub fn get(&self, index: usize) -> Option<Scene> {
        // Relaxed: the number is the whole scene and orders nothing else.
        let packed = self.0.get(index)?.load(Ordering::Relaxed);
        let part = |shift: u32| (packed >> shift & 0xffff) as u16;
        (packed & STORED != 0).then(|| Scene {
            x: f32::from(part(0)) / PLACES,
            y: f32::from(part(16)) / PLACES,
            temperature: f32::from(part(32) & 0xff) / DEGREES,
            seed: (packed >> 40 & 0x3fff) as u16,
        })
    }

    /// Stores or empties scene `index` (0..4), rounded to the steps of the parameters.
    pub fn set(&self, index: usize, scene: Option<Scene>) {
        let steps = |value: f32, of: f32, most: f32| (value.clamp(0.0, most) * of).round() as u64;
        let packed = scene.map_or(0, |scene| {
            STORED
                | steps(scene.x, PLACES, 1.0)
                | steps(scene.y, PLACES, 1.0) << 16
                | steps(scene.temperature, DEGREES, 1.5) << 32
                | u64::from(scene.seed.min(9_999)) << 40
        });
        if let Some(cell) = self.0.get(index) {
            cell.store(packed, Ordering::Relaxed);
        }
    }

    /// All four.
    pub fn all(&self) -> [Option<Scene>; SCENES] {
        std::array::from_fn(|index| self.get(index))
    }
}

impl PersistentField<'_, Vec<Option<KeptScene>>> for Scenes {
    fn set(&self, kept: Vec<Option<KeptScene>>) {
        for index in 0..SCENES {
            let kept = kept.get(index).copied().flatten();
            self.set(
                index,
                kept.map(|KeptScene { x, y, temperature, seed }| Scene { x, y, temperature, seed }),
            );
        }
    }

    fn map<F: Fn(&Vec<Option<KeptScene>>) -> R, R>(&self, read: F) -> R {
        let kept = |scene: Scene| KeptScene {
            x: scene.x,
            y: scene.y,
            temperature: scene.temperature,
            seed: scene.seed,
        };
        read(&self.all().iter().map(|scene| scene.map(kept)).collect())
    }
}

/// A window's size in logical pixels and its scale, from [`Self::SMALLEST`] to [`Self::LARGEST`] once it is
/// saved state. Projects from before the scale was saved have 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// Scale of everything in it, in percent.
    pub scale: u32,
}

impl WindowSize {
    /// The smallest in which anything can be read.
    pub const SMALLEST: Self = Self { width: 280, height: 280, scale: 50 };
    /// Larger than any screen; a state can't request gigabytes of frame buffer.
    pub const LARGEST: Self = Self { width: 3840, height: 2400, scale: 200 };

    /// The size, clamped.
    pub(super) fn bounded(self) -> Self {
        let (least, most) = (Self::SMALLEST, Self::LARGEST);
        Self {
            width: self.width.clamp(least.width, most.width),
            height: self.height.clamp(least.height, most.height),
            scale: self.scale.clamp(least.scale, most.scale),
        }
    }

    /// Logical pixels per point of the toolkit.
    pub(crate) fn zoom(self) -> f32 {
        self.scale as f32 / 100.0
    }

    /// The size in points of the toolkit.
    pub(crate) fn points(self) -> LogicalSize<f32> {
        LogicalSize::new(self.width as f32 / self.zoom(), self.height as f32 / self.zoom())
    }

    /// Whether this is that size in points at that zoom, up to rounding.
    pub(crate) fn is_about(self, points: LogicalSize<f32>, zoom: f32) -> bool {
        let close = |pixels: u32, points: f32| (pixels as f32 - points * zoom).abs() <= 1.0;
        close(self.width, points.width) && close(self.height, points.height) && self.zoom() == zoom
    }
}

impl Default for WindowSize {
    fn default() -> Self {
        Self { width: 960, height: 860, scale: 100 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &Path) {
        let text = serde_json::to_string(&ModelChoice::of(path)).expect("JSON");
        let choice: ModelChoice = serde_json::from_str(&text).expect("what was written");
        assert_eq!(choice.file().as_deref(), Some(path), "{text}");
    }

    #[test]
    fn a_path_of_any_name_comes_back() {
        let folder = std::env::temp_dir();
        for name in
            ["plain", "späce and ütf 鼓", "[]?*!|@", "\"quoted\\ 'twice'", "a\nline", "~", "%20", "🥁"]
        {
            check(&folder.join(name));
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            check(&folder.join(std::ffi::OsStr::from_bytes(b"no \xff text \xc3")));
        }
    }

    #[test]
    fn a_path_that_was_edited_is_what_it_says() {
        for bytes in ["ff", "f", "no digits", "é", "++", ""] {
            let text = serde_json::json!({"path": "/the text", "bytes": bytes}).to_string();
            let choice: ModelChoice = serde_json::from_str(&text).expect("texts");
            assert_eq!(choice.file(), Some("/the text".into()));
        }
        assert_eq!(ModelChoice::default().file(), None);
    }

    #[test]
    fn a_scene_comes_back_in_the_steps_of_its_parameters() {
        let scenes = Scenes::default();
        assert_eq!(scenes.get(2), None);
        let scene = Scene { x: 0.1234, y: 1.0, temperature: 1.5, seed: 9_999 };
        scenes.set(2, Some(scene));
        assert_eq!(scenes.get(2), Some(scene));
        assert_eq!(scenes.get(1), None);
        scenes.set(9, Some(scene));
        scenes.set(2, None);
        assert_eq!(scenes.all(), [None; SCENES]);
    }

    #[test]
    fn hostile_scenes_are_brought_into_range() {
        let scenes = Scenes::default();
        let hostile = KeptScene { x: f32::NAN, y: 9e9, temperature: -4.0, seed: 60_000 };
        PersistentField::set(&scenes, vec![Some(hostile); 9]);
        assert_eq!(scenes.get(0), Some(Scene { x: 0.0, y: 1.0, temperature: 0.0, seed: 9_999 }));
    }
}

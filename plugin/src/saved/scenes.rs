//! The contents of the four scenes. Each is one atomic number, since the audio thread reads them with the
//! settings.

use std::sync::atomic::{AtomicU64, Ordering};

use beat::Scene;
use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

/// How many scenes there are: A to D.
pub const SCENES: usize = 4;

/// The scenes; one that was never stored is empty.
#[derive(Debug, Default)]
pub struct Scenes([AtomicU64; SCENES]);

/// A scene as a project keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptScene {
    x: f32,
    y: f32,
    temperature: f32,
    seed: u16,
}

/// Steps of a coordinate, as the parameters have them.
const PLACES: f32 = 10_000.0;
/// Steps of the temperature from 0 to 1.
const DEGREES: f32 = 100.0;
/// Marks a number that holds a scene.
const STORED: u64 = 1 << 63;

impl Scenes {
    /// The contents of scene `index` (0..4). Reads an atomic only.
    pub fn get(&self, index: usize) -> Option<Scene> {
        // Relaxed: the number is the whole scene and guards nothing else.
        let packed = self.0.get(index)?.load(Ordering::Relaxed);
        let part = |shift: u32| (packed >> shift & 0xffff) as u16;
        (packed & STORED != 0).then(|| Scene {
            x: f32::from(part(0)) / PLACES,
            y: f32::from(part(16)) / PLACES,
            temperature: f32::from(part(32) & 0xff) / DEGREES,
            seed: (packed >> 40 & 0x3fff) as u16,
        })
    }

    /// Stores or empties scene `index` (0..4), in the steps that the parameters have.
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

#[cfg(test)]
mod tests {
    use super::*;

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

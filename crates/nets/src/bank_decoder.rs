//! From where the puck stands to the bank that plays. Runs on the decode thread, never on the audio
//! thread: burn allocates.

use beat::{BANK_TAKES, Bank, INSTRUMENTS, Kit, STEPS, Settings, Take};

use crate::pattern_decoder::{Logits, PatternDecoder, probability};
use crate::velocity::velocity;
use crate::{Dice, Draw, Fault, LatentMap, Model, ModelError, Stream};

/// A model made playable.
#[derive(Debug)]
pub struct BankDecoder {
    patterns: PatternDecoder,
    map: LatentMap,
    kit: Kit,
}

impl BankDecoder {
    /// Makes a model playable.
    ///
    /// # Errors
    ///
    /// The model has no map yet.
    pub fn new(model: &Model) -> Result<Self, ModelError> {
        let map = model.map().ok_or_else(|| Fault::NoMap.of(model.file()))?.clone();
        Ok(Self { patterns: PatternDecoder::new(model), map, kit: model.kit() })
    }

    /// The eight takes of these settings, from one pass through the network. Take k depends on nothing
    /// but the model, the settings and k. `model` is the number by which the bank names its model.
    pub fn decode(&self, settings: &Settings, model: u32) -> Bank {
        let latent = self.map.latent(settings.x, settings.y);
        let logits = self.patterns.logits_at(latent);
        let draw = |take| Draw {
            temperature: settings.temperature,
            density: settings.density,
            dice: Dice { seed: u64::from(settings.seed), take },
        };
        // Touch is the same in all takes, so that at temperature 0 the takes are truly the same.
        let touch = Take { velocities: velocities(&logits, &draw(0)), ..Take::EMPTY };
        let mut takes = [touch; BANK_TAKES];
        for (index, take) in takes.iter_mut().enumerate() {
            take.onsets = self.patterns.draw(latent, &logits, &draw(index as u32));
        }
        Bank::new(takes, settings.variation, self.kit, *settings, model)
    }

    /// The map that the settings' x and y are places of.
    pub fn map(&self) -> &LatentMap {
        &self.map
    }
}

/// How hard each cell is hit where it is hit at all.
fn velocities(logits: &Logits, draw: &Draw) -> [[u8; INSTRUMENTS]; STEPS] {
    let mut velocities = [[0; INSTRUMENTS]; STEPS];
    for (cell, logit) in logits.iter().enumerate() {
        let (step, instrument) = (cell / INSTRUMENTS, cell % INSTRUMENTS);
        let likely = probability(logit + draw.density_shift());
        velocities[step][instrument] = velocity(likely, step, draw.dice.throw(cell, Stream::Velocity));
    }
    velocities
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder() -> BankDecoder {
        BankDecoder::new(&Model::synthetic(7)).expect("the synthetic model has a map")
    }

    #[test]
    fn equal_settings_give_equal_banks_and_the_bank_says_what_it_is() {
        let settings = Settings { x: 0.3, y: 0.8, temperature: 0.9, ..Settings::DEFAULT };
        let bank = decoder().decode(&settings, 5);
        assert_eq!(bank, decoder().decode(&settings, 5));
        assert_eq!((*bank.settings(), bank.model(), *bank.kit()), (settings, 5, Kit::DEFAULT));
        assert!(!bank.takes().iter().any(Take::anticipates));
    }

    #[test]
    fn takes_differ_with_temperature_and_only_then() {
        let bank =
            |temperature| decoder().decode(&Settings { temperature, variation: 8, ..Settings::DEFAULT }, 1);
        assert!(bank(0.0).takes().iter().all(|take| *take == bank(0.0).takes()[0]));
        let distinct = |index: usize| (0..index).all(|k| bank(1.0).takes()[k] != bank(1.0).takes()[index]);
        assert!((1..BANK_TAKES).all(distinct));
        assert!(bank(0.0).takes()[0].onsets.hits() > 0);
    }

    #[test]
    fn the_variation_is_how_many_takes_cycle() {
        let settings = |variation| Settings { variation, ..Settings::DEFAULT };
        for (variation, expected) in [(0, 1), (1, 1), (2, 2), (4, 4), (8, 8), (255, 8)] {
            assert_eq!(decoder().decode(&settings(variation), 1).period(), expected);
        }
    }

    #[test]
    fn the_seed_and_the_place_each_change_the_beat() {
        let decoder = decoder();
        let takes = |settings| *decoder.decode(&settings, 1).takes();
        let here = Settings { temperature: 1.0, ..Settings::DEFAULT };
        assert_ne!(takes(here), takes(Settings { seed: 4712, ..here }));
        assert_ne!(takes(here), takes(Settings { x: 0.05, ..here }));
    }

    #[test]
    fn hostile_settings_give_a_bank_all_the_same() {
        let hostile = Settings {
            x: f32::NAN,
            y: f32::INFINITY,
            temperature: f32::NEG_INFINITY,
            density: f32::NAN,
            variation: 255,
            seed: u16::MAX,
            revision: u32::MAX,
        };
        let bank = decoder().decode(&hostile, 1);
        assert!(bank.takes().iter().all(|take| *take == bank.takes()[0]));
    }

    /// The decode thread owns its decoder; burn must not tie it to the thread that made it.
    #[test]
    fn a_decoder_may_move_to_another_thread() {
        let decoder = decoder();
        let here = decoder.decode(&Settings::DEFAULT, 1);
        let there = std::thread::spawn(move || decoder.decode(&Settings::DEFAULT, 1)).join();
        assert_eq!(there.ok(), Some(here));
    }
}

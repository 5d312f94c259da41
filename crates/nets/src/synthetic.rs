//! A model with random weights, for tests that need no trained one.

use beat::Grid;

use crate::{
    Architecture, CodeCloud, CounterRng, KitTable, LATENT, Latent, LatentMap, MapRegion, Model, ModelParts,
    Provenance, RngStream, Weights,
};

/// Rows and columns of the synthetic map.
const SIDE: usize = 16;

impl Model {
    /// A small untrained model with a map of two regions, the same for the same seed. Its beats mean
    /// nothing musically, but they differ from place to place and have some 40 to 200 hits.
    pub fn synthetic(seed: u64) -> Self {
        // PANIC: the parts below fit each other whatever the seed; the tests of this file load them.
        Self::new("synthetic", Self::synthetic_parts(seed)).expect("a synthetic model is sound")
    }

    /// The parts of [`Model::synthetic`], for tests to change.
    pub fn synthetic_parts(seed: u64) -> ModelParts {
        Self::synthetic_parts_on(Grid::FOUR_FOUR, seed)
    }

    /// The same for patterns on another grid.
    pub fn synthetic_parts_on(grid: Grid, seed: u64) -> ModelParts {
        let architecture = Architecture::paper().on(grid);
        let mut weights = Weights::initial(&architecture.arrays(), seed);
        sharpen(&mut weights);
        ModelParts {
            kit: KitTable::default(),
            genres: vec!["low".into(), "high".into()],
            architecture,
            provenance: Provenance { seed, corpus: "none".into(), ..Provenance::default() },
            weights,
            thresholds: None,
            codes: CodeCloud::of(latents()),
            map: Some(map()),
        }
    }
}

/// Untrained logits lie close to 0: this spreads them, and lowers the probability of an onset.
fn sharpen(weights: &mut Weights) {
    for (name, factor, shift) in [("decoder.output.weight", 12.0, 0.0), ("decoder.output.bias", 6.0, -1.0)] {
        if let Some(mut array) = weights.get(name).cloned() {
            array.values.iter_mut().for_each(|value| *value = *value * factor + shift);
            weights.insert(name, array);
        }
    }
}

/// Two dimensions of the latent are the place's coordinates, two are functions of both.
fn latents() -> Vec<Latent> {
    let place = |index: usize| 4.0 * (index as f32 / (SIDE - 1) as f32) - 2.0;
    let latent = |index: usize| {
        let (x, y) = (place(index % SIDE), place(index / SIDE));
        [x, y, (x + y).abs() - 1.0, 1.0 - (x - y).abs()]
    };
    (0..SIDE * SIDE).map(latent).collect::<Vec<[f32; LATENT]>>()
}

fn map() -> LatentMap {
    let rng = CounterRng { seed: 0, take: 0 };
    let point = |index: usize| [0, 1].map(|axis| rng.uniform(2 * index + axis, RngStream::Latent));
    let points: Vec<[f32; 2]> = (0..200).map(point).collect();
    let genres = points.iter().map(|[_, y]| u8::from(*y > 0.5)).collect();
    let region = |name: &str, y| MapRegion { name: name.into(), x: 0.5, y };
    let regions = vec![region("low", 0.25), region("high", 0.75)];
    // PANIC: the sizes are constants that fit each other; the tests of this file make the map.
    LatentMap::new(SIDE, latents(), points, genres, regions).expect("a synthetic map is sound")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Draw, PatternDecoder};

    #[test]
    fn synthetic_beats_differ_and_have_20_to_300_hits() {
        for seed in 0..8 {
            let model = Model::synthetic(seed);
            let decoder = PatternDecoder::new(&model);
            let patterns = decoder.patterns(&latents(), |_| Draw::LIKELIEST);
            let distinct: std::collections::BTreeSet<_> = patterns.iter().collect();
            assert!(distinct.len() > 100, "seed {seed}: {} distinct", distinct.len());
            assert!(patterns.iter().all(|pattern| (20..300).contains(&pattern.hits())));
        }
    }
}

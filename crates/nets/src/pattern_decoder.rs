//! Latents to patterns, one or thousands at a time.

use beat::{Grid, INSTRUMENTS, MOST_CELLS, Pattern};
use burn::tensor::{Device, Tensor, TensorData};

use crate::draw::{Likeliest, density_shift};
use crate::layers::floats;
use crate::{Decoder, Draw, HistoryHead, LATENT, Latent, Logits, Model, device};

/// Latents of one forward pass; more gain nothing.
const BATCH: usize = 1024;

/// A model's decoder on its device, with the history head where there is one.
#[derive(Debug)]
pub struct PatternDecoder {
    grid: Grid,
    decoder: Decoder,
    head: Option<HistoryHead>,
    likeliest: Likeliest,
    device: Device,
}

impl PatternDecoder {
    /// The decoder of a model, with or without a map.
    pub fn new(model: &Model) -> Self {
        let device = device();
        let (decoder, head) = (model.decoder(&device), model.history_head());
        Self { grid: *model.grid(), decoder, head, likeliest: Likeliest::Expected, device }
    }

    /// The same decoder, with a likeliest pattern that has an onset in each cell whose probability is
    /// above its instrument's threshold (between 0 and 1), as in the paper.
    pub fn with_thresholds(self, thresholds: [f32; INSTRUMENTS]) -> Self {
        let logits = thresholds.map(|probability| (probability / (1.0 - probability)).ln());
        Self { likeliest: Likeliest::Thresholds(logits), ..self }
    }

    /// The grid of its patterns.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The logits of each latent, in the same order.
    pub fn logits(&self, latents: &[Latent]) -> Vec<Logits> {
        latents.chunks(BATCH).flat_map(|batch| self.batch(batch)).collect()
    }

    /// The logits of one latent.
    pub fn logits_at(&self, latent: Latent) -> Logits {
        self.padded(&self.forward(&[latent]))
    }

    /// The pattern of `logits` at temperature 0 and this density.
    pub fn likeliest(&self, logits: &Logits, density: f32) -> Pattern {
        self.likeliest.pattern(logits, density_shift(density))
    }

    /// The pattern that `draw` samples from `logits`, which this decoder gave for `latent`.
    pub fn draw(&self, latent: Latent, logits: &Logits, draw: &Draw) -> Pattern {
        self.draw_along(|_| latent, logits, &self.likeliest(logits, draw.density), draw)
    }

    /// The same where every step has a latent of its own, and its logits. `likeliest` is their pattern at
    /// temperature 0 and the same density.
    pub fn draw_along(
        &self,
        latent_of: impl Fn(usize) -> Latent,
        logits: &Logits,
        likeliest: &Pattern,
        draw: &Draw,
    ) -> Pattern {
        match &self.head {
            Some(head) => draw.pattern_with_history(logits, likeliest, latent_of, head, &self.grid),
            None => draw.pattern(logits, likeliest, &self.grid),
        }
    }

    /// One pattern for each latent, in the same order, that of latent `row` sampled by `draw(row)`.
    pub fn patterns(&self, latents: &[Latent], draw: impl Fn(usize) -> Draw) -> Vec<Pattern> {
        let mut patterns = Vec::with_capacity(latents.len());
        for batch in latents.chunks(BATCH) {
            for (&latent, logits) in batch.iter().zip(self.batch(batch)) {
                patterns.push(self.draw(latent, &logits, &draw(patterns.len())));
            }
        }
        patterns
    }

    fn batch(&self, latents: &[Latent]) -> Vec<Logits> {
        self.forward(latents).chunks(self.grid.cells()).map(|row| self.padded(row)).collect()
    }

    /// A row of the decoder's output, with no onset in the cells beyond those of the grid.
    fn padded(&self, row: &[f32]) -> Logits {
        let mut logits = [f32::NEG_INFINITY; MOST_CELLS];
        logits[..self.grid.cells()].copy_from_slice(row);
        logits
    }

    fn forward(&self, latents: &[Latent]) -> Vec<f32> {
        let data = TensorData::new(latents.as_flattened().to_vec(), [latents.len(), LATENT]);
        let latents = Tensor::<2>::from_data(data, &self.device); // [batch, 4]
        floats(self.decoder.forward(latents)) // batch x cells logits
    }
}

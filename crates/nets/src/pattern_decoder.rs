//! Latents to patterns, one or thousands at a time.

use beat::{CELLS, INSTRUMENTS, Pattern};
use burn::tensor::{Device, Tensor, TensorData};

use crate::draw::{Likeliest, density_shift};
use crate::layers::floats;
use crate::{Decoder, Draw, HistoryHead, LATENT, Latent, Logits, Model, device};

/// Latents of one forward pass; more gain nothing.
const BATCH: usize = 1024;

/// A model's decoder on its device, with the history head where there is one.
#[derive(Debug)]
pub struct PatternDecoder {
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
        Self { decoder, head, likeliest: Likeliest::Expected, device }
    }

    /// The same decoder, with a likeliest pattern that has an onset in each cell whose probability is
    /// above its instrument's threshold (between 0 and 1), as in the paper.
    pub fn with_thresholds(self, thresholds: [f32; INSTRUMENTS]) -> Self {
        let logits = thresholds.map(|probability| (probability / (1.0 - probability)).ln());
        Self { likeliest: Likeliest::Thresholds(logits), ..self }
    }

    /// The logits of each latent, in the same order.
    pub fn logits(&self, latents: &[Latent]) -> Vec<Logits> {
        latents.chunks(BATCH).flat_map(|batch| self.batch(batch)).collect()
    }

    /// The logits of one latent.
    pub fn logits_at(&self, latent: Latent) -> Logits {
        let mut logits = [0.0; CELLS];
        logits.copy_from_slice(&self.forward(&[latent]));
        logits
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
            Some(head) => draw.pattern_with_history(logits, likeliest, latent_of, head),
            None => draw.pattern(logits, likeliest),
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
        let values = self.forward(latents);
        let (rows, _) = values.as_chunks::<CELLS>();
        rows.to_vec()
    }

    fn forward(&self, latents: &[Latent]) -> Vec<f32> {
        let data = TensorData::new(latents.as_flattened().to_vec(), [latents.len(), LATENT]);
        let latents = Tensor::<2>::from_data(data, &self.device); // [batch, 4]
        floats(self.decoder.forward(latents)) // batch x 448 logits
    }
}

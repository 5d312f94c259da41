//! The history head: an autoregressive correction of the decoder's logits. With it, a cell that is redrawn
//! at a temperature depends on the sixteen steps before it and on the lower instruments of its own step.
//!
//! Inference goes cell by cell in plain Rust over slices of the weights, since a tensor call for each of the
//! 448 cells would cost milliseconds. `train` has the same network as a burn module over all cells at once;
//! its test `inference_and_training_network_agree` holds both together.

use beat::{Grid, INSTRUMENTS, MOST_STEPS, Pattern};

use crate::{LATENT, Latent, Logits, NamedShape, Weights, WeightsFault};

/// Steps of history that are inputs.
pub const HISTORY: usize = 16;
/// Width of the head's first hidden layer.
pub const HEAD_WIDTH: usize = 128;
/// Width of the head's second hidden layer.
pub const HEAD_INNER: usize = 64;

/// Names and shapes of the weights of a head for patterns on `grid`; a matrix is `[inputs, outputs]`. Row
/// `(lag - 1) * 14 + instrument` of `head.history.weight` is a hit of `instrument` `lag` steps ago; row
/// `lower * 14 + instrument` of `head.lower.weight`, counted from `[0, 0]`, is added to the
/// logit of `instrument` by a hit of `lower` on the same step, and is used only where `lower < instrument`.
pub fn head_arrays(grid: &Grid) -> Vec<NamedShape> {
    [
        ("head.history.weight", vec![HISTORY * INSTRUMENTS, HEAD_WIDTH]),
        ("head.latent.weight", vec![LATENT, HEAD_WIDTH]),
        ("head.position.weight", vec![grid.steps(), HEAD_WIDTH]),
        ("head.inner.weight", vec![HEAD_WIDTH, HEAD_INNER]),
        ("head.inner.bias", vec![HEAD_INNER]),
        ("head.output.weight", vec![HEAD_INNER, INSTRUMENTS]),
        ("head.output.bias", vec![INSTRUMENTS]),
        ("head.lower.weight", vec![INSTRUMENTS, INSTRUMENTS]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape))
    .to_vec()
}

/// The head, for inference.
#[derive(Clone, Debug)]
pub struct HistoryHead {
    history: Vec<[f32; HEAD_WIDTH]>,
    latent: Vec<[f32; HEAD_WIDTH]>,
    position: Vec<[f32; HEAD_WIDTH]>,
    inner: Vec<[f32; HEAD_INNER]>,
    inner_bias: [f32; HEAD_INNER],
    output: Vec<[f32; INSTRUMENTS]>,
    output_bias: [f32; INSTRUMENTS],
    lower: Vec<[f32; INSTRUMENTS]>,
}

impl HistoryHead {
    /// The head of these weights, for patterns on `grid`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(weights: &Weights, grid: &Grid) -> Result<Self, WeightsFault> {
        weights.check(&head_arrays(grid))?;
        // Every name and shape was checked, so that each array divides into its rows.
        fn row<const N: usize>(weights: &Weights, name: &str) -> [f32; N] {
            weights.rows(name).first().copied().unwrap_or([0.0; N])
        }
        Ok(Self {
            history: weights.rows("head.history.weight"),
            latent: weights.rows("head.latent.weight"),
            position: weights.rows("head.position.weight"),
            inner: weights.rows("head.inner.weight"),
            inner_bias: row(weights, "head.inner.bias"),
            output: weights.rows("head.output.weight"),
            output_bias: row(weights, "head.output.bias"),
            lower: weights.rows("head.lower.weight"),
        })
    }

    /// Decodes a pattern autoregressively, step by step and instrument by instrument, at the latent that
    /// `latent_of` gives for each step. `plays(step, instrument, logit)` decides each cell, given its logit
    /// conditional on all cells decided before.
    pub fn decode(
        &self,
        latent_of: impl Fn(usize) -> Latent,
        logits: &Logits,
        mut plays: impl FnMut(usize, usize, f32) -> bool,
    ) -> Pattern {
        let mut steps = [0_u16; MOST_STEPS];
        for step in 0..self.position.len() {
            let mut from_latent = [0.0; HEAD_WIDTH];
            for (value, row) in latent_of(step).iter().zip(&self.latent) {
                add(&mut from_latent, row, *value);
            }
            let mut cells = self.step(step, &steps, &from_latent);
            for (cell, logit) in cells.iter_mut().zip(&logits[step * INSTRUMENTS..]) {
                *cell += logit;
            }
            for instrument in 0..INSTRUMENTS {
                if plays(step, instrument, cells[instrument]) {
                    steps[step] |= 1 << instrument;
                    let above = cells.iter_mut().zip(&self.lower[instrument]).skip(instrument + 1);
                    above.for_each(|(cell, logit)| *cell += logit);
                }
            }
        }
        // Only the bits of the 14 instruments were set above.
        Pattern::new(steps).unwrap_or_default()
    }

    /// The correction of the logits of one step, before any instrument of it is decided.
    fn step(
        &self,
        step: usize,
        steps: &[u16; MOST_STEPS],
        from_latent: &[f32; HEAD_WIDTH],
    ) -> [f32; INSTRUMENTS] {
        let mut hidden = *from_latent;
        add(&mut hidden, &self.position[step], 1.0);
        let mut history = Rows::<HEAD_WIDTH, { HISTORY * INSTRUMENTS }>::new(&self.position[step]);
        for lag in 1..=HISTORY.min(step) {
            let mut hits = steps[step - lag];
            while hits != 0 {
                let instrument = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                history.push_if(true, 1.0, &self.history[(lag - 1) * INSTRUMENTS + instrument]);
            }
        }
        history.add_to(&mut hidden);
        let mut active = Rows::<HEAD_INNER, HEAD_WIDTH>::new(&self.inner_bias);
        for (value, row) in hidden.iter().zip(&self.inner) {
            active.push_if(*value > 0.0, *value, row);
        }
        let mut inner = self.inner_bias;
        active.add_to(&mut inner);
        let mut cells = self.output_bias;
        for (value, row) in inner.iter().zip(&self.output) {
            if *value > 0.0 {
                add(&mut cells, row, *value);
            }
        }
        cells
    }
}

/// Rows of a matrix to be added up, each with a factor. They are gathered first, so that the sum is read and
/// written once for four rows instead of once for each: that is most of the cost of a decode.
struct Rows<'a, const N: usize, const MOST: usize> {
    rows: [(f32, &'a [f32; N]); MOST],
    count: usize,
}

impl<'a, const N: usize, const MOST: usize> Rows<'a, N, MOST> {
    /// An empty list; `any` row is the placeholder of unused entries.
    fn new(any: &'a [f32; N]) -> Self {
        Self { rows: [(0.0, any); MOST], count: 0 }
    }

    /// Appends a row if it `counts`. Without a branch, since the processor could not predict it.
    fn push_if(&mut self, counts: bool, factor: f32, row: &'a [f32; N]) {
        if let Some(place) = self.rows.get_mut(self.count) {
            *place = (factor, row);
            self.count += usize::from(counts);
        }
    }

    /// Adds all rows to `sum`, in order, so that the result is the same to the last bit as one by one.
    fn add_to(&self, sum: &mut [f32; N]) {
        let (fours, rest) = self.rows[..self.count].as_chunks::<4>();
        for [(a, first), (b, second), (c, third), (d, fourth)] in fours {
            let rows = first.iter().zip(*second).zip(third.iter().zip(*fourth));
            for (sum, ((first, second), (third, fourth))) in sum.iter_mut().zip(rows) {
                *sum = *sum + a * first + b * second + c * third + d * fourth;
            }
        }
        for (factor, row) in rest {
            add(sum, row, *factor);
        }
    }
}

/// `sum += factor * row`
fn add<const N: usize>(sum: &mut [f32; N], row: &[f32; N], factor: f32) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BankDecoder, Model, ModelParts, Precision};
    use beat::{Bank, MOST_CELLS, Settings};

    const GRID: Grid = Grid::FOUR_FOUR;

    fn head(name: &str, value: impl Fn(usize) -> f32) -> HistoryHead {
        let mut weights = Weights::default();
        for (array, shape) in head_arrays(&GRID) {
            let count = shape.iter().product();
            let values = (0..count).map(|k| if array == name { value(k) } else { 0.0 }).collect();
            weights.insert(array, crate::Array { shape, values });
        }
        HistoryHead::from_weights(&weights, &GRID).expect("all arrays are there")
    }

    #[test]
    fn a_head_of_zeros_leaves_the_decoder_alone() {
        let logits: Logits = std::array::from_fn(|cell| if cell % 9 == 0 { 1.0 } else { -1.0 });
        let pattern = head("", |_| 0.0).decode(|_| [1.0; LATENT], &logits, |_, _, logit| logit > 0.0);
        for (cell, logit) in logits.iter().enumerate() {
            assert_eq!(pattern.has(cell / INSTRUMENTS, cell % INSTRUMENTS), *logit > 0.0);
        }
    }

    #[test]
    fn a_hit_of_a_lower_instrument_changes_the_higher_ones_only() {
        let head = head("head.lower.weight", |_| 5.0);
        let mut logits = [-3.0; MOST_CELLS];
        logits[2] = 1.0; // the rim shot of step 0
        let pattern = head.decode(|_| [0.0; LATENT], &logits, |_, _, logit| logit > 0.0);
        assert_eq!(pattern.step(0), 0b11_1111_1111_1100);
        assert_eq!(pattern.steps()[1..], [0; 31]);
    }

    #[test]
    fn weights_that_are_missing_are_named() {
        let fault = HistoryHead::from_weights(&Weights::default(), &GRID).map(|_| ());
        assert_eq!(fault, Err(WeightsFault::Missing("head.history.weight".to_owned())));
    }

    fn with_head() -> Model {
        let mut parts: ModelParts = Model::synthetic_parts(3);
        parts.weights.extend(Weights::initial(&head_arrays(&GRID), 3));
        Model::new("with a head", parts).expect("a sound model")
    }

    fn bank(model: &Model, temperature: f32) -> Bank {
        let settings = Settings { temperature, ..Settings::DEFAULT };
        BankDecoder::new(model).expect("a map").decode(&settings, 1)
    }

    #[test]
    fn a_head_changes_only_cells_that_are_redrawn() {
        let (with, without) = (with_head(), Model::synthetic(3));
        assert_eq!(bank(&with, 0.0), bank(&without, 0.0));
        assert_ne!(bank(&with, 1.0), bank(&without, 1.0));
    }

    #[test]
    fn the_same_settings_give_the_same_takes_with_a_head_too() {
        assert_eq!(bank(&with_head(), 0.8), bank(&with_head(), 0.8));
        let bank = bank(&with_head(), 0.8);
        assert!((1..8).all(|take| bank.takes()[take].onsets != bank.takes()[0].onsets));
    }

    #[test]
    fn a_head_is_saved_in_the_model_file_and_a_damaged_one_is_refused() {
        let model = with_head();
        let read =
            Model::from_bytes("with a head", &model.to_bytes(Precision::Single)).expect("a sound model");
        assert_eq!(bank(&read, 1.2), bank(&model, 1.2));
        let mut parts = Model::synthetic_parts(3);
        parts.weights.extend(Weights::initial(&head_arrays(&GRID)[1..], 3));
        let error = Model::new("half a head", parts).expect_err("an array is missing");
        assert!(error.to_string().contains("lacks the weights `head.history.weight`"), "{error}");
    }
}

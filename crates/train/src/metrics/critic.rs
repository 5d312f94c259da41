//! The realism critic of patterns: a small network that is trained to distinguish generated patterns from real
//! ones. The closer its AUC is to one half, the more realistic they are. Its size and training never change, so
//! that figures of all versions can be compared.

use anyhow::{Context, Result};
use beat::{Grid, INSTRUMENTS, Pattern};
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::layers::cross_entropy::binary_cross_entropy;
use crate::layers::mlp::Mlp;
use crate::patterns::song_hash;
use crate::rng::TrainingRng;
use crate::training::{Gradients, LearningRate, Objective, Recipe, ShuffledRows, train_to_end};

/// Folds of the cross-validation.
const FOLDS: u32 = 5;
/// Number of inputs: pattern bits, bits in which the bars differ, hits of each instrument and of the whole.
fn input_count(grid: &Grid) -> usize {
    grid.cells() + grid.cells() / 2 + INSTRUMENTS + 1
}

/// Width of the hidden layer.
const HIDDEN: usize = 64;

/// A pattern with its group in the cross-validation: its song, or the song whose code it was generated from.
#[derive(Clone, Debug, PartialEq)]
pub struct SongPattern {
    /// The pattern.
    pub pattern: Pattern,
    /// The song.
    pub song: String,
}

/// How well the critic distinguishes `generated` from `real`, patterns on `grid`: the mean area under the ROC curve over five folds that are
/// split by song; 0.5 is chance.
///
/// # Errors
///
/// The loss of the critic is not finite, as where a fold is empty.
pub fn realism(generated: &[SongPattern], real: &[SongPattern], grid: &Grid, seed: u64) -> Result<f64> {
    let rows: Vec<(&SongPattern, f32)> =
        generated.iter().map(|row| (row, 1.0)).chain(real.iter().map(|row| (row, 0.0))).collect();
    let folds: Vec<Result<f64>> =
        (0..FOLDS).into_par_iter().map(|fold| fold_auc(&rows, grid, fold, seed)).collect();
    let folds = folds.into_iter().collect::<Result<Vec<f64>>>()?;
    Ok(folds.iter().sum::<f64>() / folds.len() as f64)
}

fn fold_auc(rows: &[(&SongPattern, f32)], grid: &Grid, fold: u32, seed: u64) -> Result<f64> {
    let (test, rest): (Vec<_>, Vec<_>) =
        rows.iter().copied().partition(|(row, _)| song_hash(&row.song, "fold") % FOLDS == fold);
    let (validation, training): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(row, _)| song_hash(&row.song, "stop").is_multiple_of(8));
    let examples = |rows: Vec<(&SongPattern, f32)>| -> Vec<CriticExample> {
        rows.into_iter()
            .map(|(row, label)| CriticExample { inputs: inputs(&row.pattern, grid), label })
            .collect()
    };
    let rate = LearningRate::OneCycle { peak: 2e-3, warm_up: 0.1 };
    let seed = seed ^ u64::from(fold) << 32;
    let recipe = Recipe::new("the critic of samples".to_owned(), 60, 128, rate, seed);
    let recipe = Recipe { early_stop_epochs: 6, ..recipe };
    let objective = CriticTraining {
        grid: *grid,
        training: ShuffledRows(examples(training)),
        validation: examples(validation),
    };
    let critic = train_to_end(&objective, &recipe)?;
    let test = examples(test);
    let [inputs, _] = tensors(&test.iter().collect::<Vec<_>>(), grid, &nets::device());
    let scores = critic.forward(inputs).try_into_vec_as::<f32>()?;
    let of = |label: f32| -> Vec<f32> {
        scores.iter().zip(&test).filter(|(_, row)| row.label == label).map(|(score, _)| *score).collect()
    };
    Ok(auc(&of(1.0), &of(0.0)))
}

/// One example of the critic.
struct CriticExample {
    /// [`input_count`] values.
    inputs: Vec<f32>,
    /// 1 for generated, 0 for real.
    label: f32,
}

/// The inputs of a pattern, [`input_count`] values.
fn inputs(pattern: &Pattern, grid: &Grid) -> Vec<f32> {
    let mut inputs = Vec::with_capacity(input_count(grid));
    let mut counts = [0.0; INSTRUMENTS];
    for step in 0..grid.steps() {
        for (instrument, count) in counts.iter_mut().enumerate() {
            let hit = f32::from(u8::from(pattern.has(step, instrument)));
            *count += hit;
            inputs.push(hit);
        }
    }
    for step in 0..grid.bar_steps() {
        let differs = pattern.step(step) ^ pattern.step(step + grid.bar_steps());
        inputs.extend((0..INSTRUMENTS).map(|instrument| f32::from(differs >> instrument & 1)));
    }
    inputs.extend(counts.iter().map(|count| count / 8.0));
    inputs.push(counts.iter().sum::<f32>() / 32.0);
    inputs
}

/// The examples as tensors.
///
/// # Shapes
///
/// - output: inputs `[rows, input_count]` and labels `[rows, 1]`
fn tensors(rows: &[&CriticExample], grid: &Grid, device: &Device) -> [Tensor<2>; 2] {
    let inputs: Vec<f32> = rows.iter().flat_map(|row| row.inputs.iter().copied()).collect();
    let labels: Vec<f32> = rows.iter().map(|row| row.label).collect();
    [(inputs, input_count(grid)), (labels, 1)]
        .map(|(values, width)| Tensor::from_data(TensorData::new(values, [rows.len(), width]), device))
}

struct CriticTraining {
    grid: Grid,
    training: ShuffledRows<CriticExample>,
    validation: Vec<CriticExample>,
}

impl Objective for CriticTraining {
    type Model = Mlp;
    type Source = ShuffledRows<CriticExample>;

    fn source(&self) -> &ShuffledRows<CriticExample> {
        &self.training
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<Mlp> {
        Ok(Mlp::initial(&[input_count(&self.grid), HIDDEN, 1], seed, 0, device))
    }

    fn gradients(
        &self,
        model: &Mlp,
        rows: &[&CriticExample],
        _: &mut TrainingRng,
        _: f64,
    ) -> Result<Gradients> {
        let [inputs, labels] = tensors(rows, &self.grid, &nets::device().autodiff());
        Gradients::of_loss(binary_cross_entropy(model.forward(inputs), labels).mean(), model)
    }

    fn validation_loss(&self, model: &Mlp) -> Result<f64> {
        let [inputs, labels] =
            tensors(&self.validation.iter().collect::<Vec<_>>(), &self.grid, &nets::device());
        let loss = binary_cross_entropy(model.forward(inputs), labels).mean();
        Ok(f64::from(loss.try_into_scalar::<f32>().context("the critic's loss can't be read")?))
    }
}

/// The probability that a random one of `high` scores above a random one of `low`, ties counted half: 0.5
/// is chance, 1 perfect. 0.5 where a group is empty.
pub(crate) fn auc(high: &[f32], low: &[f32]) -> f64 {
    if high.is_empty() || low.is_empty() {
        return 0.5;
    }
    let mut all: Vec<(f32, bool)> = high.iter().map(|score| (*score, true)).collect();
    all.extend(low.iter().map(|score| (*score, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let highs = tied.iter().filter(|(_, is_high)| *is_high).count() as f64;
        let lows = tied.len() as f64 - highs;
        won += highs * (below + 0.5 * lows);
        below += lows;
    }
    won / (high.len() as f64 * low.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    const GRID: Grid = Grid::FOUR_FOUR;

    fn patterns(count: usize, stream: u64, likelihood: impl Fn(usize, usize) -> f32) -> Vec<SongPattern> {
        let mut rng = TrainingRng::new(9, Purpose::Control, stream);
        (0..count)
            .map(|song| {
                let mut pattern = Pattern::EMPTY;
                for step in 0..GRID.steps() {
                    for instrument in 0..4 {
                        if rng.unit() < likelihood(step, instrument) {
                            pattern = pattern.with(step, instrument);
                        }
                    }
                }
                SongPattern { pattern, song: format!("{stream}-{song}") }
            })
            .collect()
    }

    #[test]
    fn the_critic_finds_a_difference_only_where_there_is_one() -> Result<()> {
        let on_the_beat = |step: usize, _: usize| if step.is_multiple_of(4) { 0.6 } else { 0.1 };
        let (real, same) = (patterns(200, 1, on_the_beat), patterns(200, 2, on_the_beat));
        let off_the_beat = patterns(200, 3, |step, _| if step % 4 == 1 { 0.6 } else { 0.1 });
        let alike = realism(&same, &real, &GRID, 1)?;
        assert!((0.35..0.65).contains(&alike), "{alike}");
        assert!(realism(&off_the_beat, &real, &GRID, 1)? > 0.95);
        assert_eq!(realism(&same, &real, &GRID, 1)?, alike, "the same twice");
        Ok(())
    }

    #[test]
    fn a_score_without_information_gives_one_half() {
        assert_eq!(auc(&[1.0, 1.0], &[1.0, 1.0, 1.0]), 0.5);
        assert_eq!(auc(&[2.0, 3.0], &[0.0, 1.0]), 1.0);
        assert_eq!(auc(&[0.0, 3.0], &[1.0, 2.0]), 0.5);
        assert_eq!(auc(&[], &[1.0]), 0.5);
    }
}

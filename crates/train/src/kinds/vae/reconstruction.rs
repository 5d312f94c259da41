//! How many steps of held-out songs a variational autoencoder reconstructs, beside baselines that need no model.

use anyhow::{Result, ensure};
use burn::tensor::{Tensor, TensorData};
use nets::TWO_BARS;
use nets::{Array, SequenceModel};
use serde::Serialize;

use super::VaeConfig;
use super::network::{History, SequenceVae, most_probable, sample_class};
use super::principal::Principal;
use crate::excerpts::Passages;
use crate::rng::{Purpose, TrainingRng};
use crate::songs::Songs;

/// Steps that are measured: 4096 passages of two bars, 512 of sixteen.
const MEASURED_STEPS: usize = 1 << 17;
/// Passages of one forward pass.
const BATCH: usize = 32;

/// Shares of steps that are reconstructed, over the same passages of held-out songs. Latents are the encoder's
/// means; copying counts from the 33rd step on, everything else all steps.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReconstructionFigures {
    /// Bars of a passage.
    pub bars: u16,
    /// Dimensions of the latent.
    pub latent: u16,
    /// Passages that were measured.
    pub passages: usize,
    /// Steps that were measured.
    pub steps: usize,
    /// The most probable class of each step, given the true steps before it (teacher forcing).
    pub forced: f64,
    /// The most probable class of each step, given the generated steps before it.
    pub free: f64,
    /// A class drawn at temperature 1, given the drawn steps before it.
    pub sampled: f64,
    /// The Kullback-Leibler divergence of the latents from a standard normal, in bits a passage.
    pub divergence_bits: f64,
    /// Baseline: every step silent.
    pub silence: f64,
    /// Baseline: the step two bars ago; `None` where a passage is no longer than that.
    pub copying: Option<f64>,
    /// Baseline: the first two bars repeated; they themselves count as right.
    pub tiling: Option<f64>,
    /// Baseline: as many principal components as the latent has dimensions, a hit where a cell is above one
    /// half.
    pub components: f64,
}

/// Measures a variational autoencoder on the held-out songs.
///
/// # Errors
///
/// The model is of another kind or damaged, or too few songs are as long as its passages.
pub(super) fn reconstruction_figures(model: &SequenceModel, songs: Songs) -> Result<ReconstructionFigures> {
    let config = VaeConfig::of(model)?;
    let network = SequenceVae::from_weights(&config, model.weights(), &nets::device())?;
    let bars = usize::from(config.bars);
    let [training, held_out] = [songs.training, songs.held_out].map(|songs| Passages::new(songs, bars));
    ensure!(training.count() > 0 && held_out.count() > 0, "too few songs of the files have {bars} bars");
    figures(&network, &config, &training, &held_out)
}

/// Sums over some passages.
#[derive(Default)]
struct Sums {
    forced: usize,
    free: usize,
    sampled: usize,
    components: usize,
    nats: f64,
}

fn figures(
    network: &SequenceVae,
    config: &VaeConfig,
    training: &Passages,
    held_out: &Passages,
) -> Result<ReconstructionFigures> {
    let passages = held_out.spread(MEASURED_STEPS / config.steps());
    let principal = Principal::of(training, config.latent(), 1)?;
    let mut rng = TrainingRng::new(1, Purpose::Latents, 0);
    let mut sums = Sums::default();
    for batch in passages.chunks(BATCH) {
        let cells = SequenceVae::cells_of(batch, &nets::device());
        let posterior = network.encode(cells.clone());
        sums.nats += f64::from(posterior.divergence().sum().try_into_scalar::<f32>()?);
        let truth: Vec<Vec<u16>> = batch.iter().map(|passage| passage.to_vec()).collect();
        let right = |history, choose: &mut dyn FnMut(&[f32]) -> u16| {
            count_equal(&network.decode(config, posterior.mean.clone(), history, choose), batch)
        };
        sums.forced += right(History::Given(&truth), &mut |logits| most_probable(logits));
        sums.free += right(History::Own, &mut |logits| most_probable(logits));
        sums.sampled += right(History::Own, &mut |logits| sample_class(logits, 1.0, rng.unit()));
        sums.components += count_equal(&reconstructed(&principal, config.latent(), cells)?, batch);
    }
    let steps = passages.len() * config.steps();
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let count = |right: &dyn Fn(&[u16], usize) -> bool, from: usize| -> usize {
        passages
            .iter()
            .map(|passage| (from..passage.len()).filter(|step| right(passage, *step)).count())
            .sum()
    };
    let long = config.steps() > TWO_BARS;
    let copied = || {
        let all = passages.len() * (config.steps() - TWO_BARS);
        share(count(&|passage, step| passage[step] == passage[step - TWO_BARS], TWO_BARS), all)
    };
    let tiled = || share(count(&|passage, step| passage[step] == passage[step % TWO_BARS], 0), steps);
    Ok(ReconstructionFigures {
        bars: config.bars,
        latent: config.latent,
        passages: passages.len(),
        steps,
        forced: share(sums.forced, steps),
        free: share(sums.free, steps),
        sampled: share(sums.sampled, steps),
        divergence_bits: sums.nats / std::f64::consts::LN_2 / passages.len().max(1) as f64,
        silence: share(count(&|passage, step| passage[step] == 0, 0), steps),
        copying: long.then(copied),
        tiling: long.then(tiled),
        components: share(sums.components, steps),
    })
}

/// The number of steps that are equal.
fn count_equal(decoded: &[Vec<u16>], passages: &[&[u16]]) -> usize {
    let equal = |(decoded, passage): (&Vec<u16>, &&[u16])| {
        decoded.iter().zip(*passage).filter(|(one, other)| one == other).count()
    };
    decoded.iter().zip(passages).map(equal).sum()
}

/// The reconstruction from principal components alone.
fn reconstructed(principal: &Principal, latent: usize, cells: Tensor<2>) -> Result<Vec<Vec<u16>>> {
    let steps = cells.dims()[1] / beat::PIECES;
    let layer = |values: Tensor<2>, (weight, bias): (Array, Array)| {
        let [weight, bias] = [weight, bias].map(|Array { shape, values }| {
            let rows = if shape.len() == 2 { shape[0] } else { 1 };
            let columns = values.len() / rows.max(1);
            Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), &nets::device())
        });
        values.matmul(weight) + bias
    };
    let latents = layer(cells, principal.encoding(latent));
    let logits: Vec<f32> = layer(latents, principal.decoding(latent, 1.0)).into_data().try_into_vec_as()?;
    let class = |cells: &[f32]| {
        cells.iter().enumerate().fold(0, |class, (piece, cell)| class | u16::from(*cell > 0.0) << piece)
    };
    let classes: Vec<u16> = logits.chunks(beat::PIECES).map(class).collect();
    Ok(classes.chunks(steps.max(1)).map(<[u16]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::super::DecoderKind;
    use super::super::tests::small;
    use super::*;

    /// Songs that are one loop of two bars: tiling and copying are always right, a fresh model is not.
    #[test]
    fn baselines_are_counted_on_the_same_passages() -> Result<()> {
        let looped =
            |song: u16| (0..128).map(|step| if step % 2 == 0 { step % 32 + song } else { 0 }).collect();
        let passages = || Passages::new((0..6).map(looped).collect(), 4);
        let config = small(DecoderKind::Hierarchical, 4);
        let network = SequenceVae::from_weights(&config, &config.initial_weights(1), &nets::device())?;
        let found = figures(&network, &config, &passages(), &passages())?;
        assert_eq!((found.copying, found.tiling), (Some(1.0), Some(1.0)));
        assert!((found.silence - 0.5).abs() < 0.03 && found.components > 0.9, "{found:?}");
        assert!(found.free < 0.6 && found.divergence_bits >= 0.0);
        Ok(())
    }
}

//! How many steps of songs that it never saw a variational autoencoder gives back, beside what comes back
//! without one.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use beat::STEPS;
use burn::tensor::{Tensor, TensorData};
use nets::{Array, History, SequenceVae, SongModel, VaeShape};
use serde::Serialize;

use super::principal::Principal;
use super::training::likeliest;
use super::windows::Windows;
use crate::chance::{Dice, Purpose};
use crate::songs::Songs;

/// Steps that are measured: 4096 passages of two bars, 512 of sixteen.
const MEASURED_STEPS: usize = 1 << 17;
/// Passages that are played at once.
const AT_ONCE: usize = 32;

/// Shares of steps that come back, over the same passages of held-out songs. Latents are the encoder's
/// means; copying counts from the 33rd step on, everything else all steps.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct VaeFigures {
    bars: u16,
    latent: u16,
    passages: usize,
    steps: usize,
    /// The likeliest class of each step where what stands in the song is heard (teacher forcing).
    forced: f64,
    /// The likeliest class of each step where what it chose itself is heard.
    free: f64,
    /// A class drawn by its probability, at temperature 1, where what was drawn is heard.
    sampled: f64,
    /// How far the latents lie from a standard normal, in bits a passage.
    divergence_bits: f64,
    /// Every step silent.
    silence: f64,
    /// What stood two bars ago; nothing where a passage is no longer than that.
    copying: Option<f64>,
    /// The first two bars, over and over; they themselves count as right.
    tiling: Option<f64>,
    /// As many principal components as the latent has numbers, a hit where a cell is above one half.
    components: f64,
}

/// Measures a variational autoencoder on the held-out songs, and prints and keeps the figures.
pub(in crate::songs) fn vae_report(
    model: &SongModel,
    shape: &VaeShape,
    songs: Songs,
    json: Option<&PathBuf>,
) -> Result<()> {
    let network = SequenceVae::from_weights(shape, model.weights(), &nets::device())?;
    let bars = usize::from(shape.bars);
    let [training, held_out] = [songs.training, songs.held_out].map(|songs| Windows::new(songs, bars));
    ensure!(training.count() > 0 && held_out.count() > 0, "too few songs of the files have {bars} bars");
    let figures = figures(&network, shape, &training, &held_out)?;
    let VaeFigures { passages, steps, latent, .. } = figures;
    println!(
        "{passages} passages of {bars} bars of held-out songs, {steps} steps, {latent} numbers a latent"
    );
    let line = |title: &str, share: f64| println!("{title:<44} {share:.3}");
    line("likeliest, hearing the song (teacher forcing)", figures.forced);
    line("likeliest, hearing itself (free running)", figures.free);
    line("drawn at temperature 1, hearing itself", figures.sampled);
    line("silence", figures.silence);
    if let (Some(copying), Some(tiling)) = (figures.copying, figures.tiling) {
        line("what stood two bars ago, from the 33rd step on", copying);
        line("its first two bars over and over", tiling);
    }
    line("as many principal components", figures.components);
    println!("divergence {:.0} bits a passage", figures.divergence_bits);
    if let Some(path) = json {
        let text = serde_json::to_vec_pretty(&figures)?;
        corpus::rows::write_atomically(path, |file| file.write_all(&text))?;
    }
    Ok(())
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
    shape: &VaeShape,
    training: &Windows,
    held_out: &Windows,
) -> Result<VaeFigures> {
    let passages = held_out.spread(MEASURED_STEPS / shape.steps());
    let principal = Principal::of(training, shape.latent(), 1)?;
    let mut dice = Dice::new(1, Purpose::Latents, 0);
    let mut sums = Sums::default();
    for some in passages.chunks(AT_ONCE) {
        let cells = SequenceVae::cells_of(some, &nets::device());
        let posterior = network.encode(cells.clone());
        sums.nats += f64::from(posterior.divergence().sum().try_into_scalar::<f32>()?);
        let truth: Vec<Vec<u16>> = some.iter().map(|passage| passage.to_vec()).collect();
        let right = |history, choose: &mut dyn FnMut(&[f32]) -> u16| {
            same(&network.play(shape, posterior.mean.clone(), history, choose), some)
        };
        sums.forced += right(History::Given(&truth), &mut |logits| likeliest(logits));
        sums.free += right(History::Own, &mut |logits| likeliest(logits));
        sums.sampled += right(History::Own, &mut |logits| drawn(logits, 1.0, dice.unit()));
        sums.components += same(&rebuilt(&principal, shape.latent(), cells)?, some);
    }
    let steps = passages.len() * shape.steps();
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let count = |right: &dyn Fn(&[u16], usize) -> bool, from: usize| -> usize {
        passages
            .iter()
            .map(|passage| (from..passage.len()).filter(|step| right(passage, *step)).count())
            .sum()
    };
    let long = shape.steps() > STEPS;
    let copied = || {
        let all = passages.len() * (shape.steps() - STEPS);
        share(count(&|passage, step| passage[step] == passage[step - STEPS], STEPS), all)
    };
    let tiled = || share(count(&|passage, step| passage[step] == passage[step % STEPS], 0), steps);
    Ok(VaeFigures {
        bars: shape.bars,
        latent: shape.latent,
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

/// How many steps agree.
fn same(played: &[Vec<u16>], passages: &[&[u16]]) -> usize {
    let agree = |(played, passage): (&Vec<u16>, &&[u16])| {
        played.iter().zip(*passage).filter(|(one, other)| one == other).count()
    };
    played.iter().zip(passages).map(agree).sum()
}

/// What principal components alone give back.
fn rebuilt(principal: &Principal, latent: usize, cells: Tensor<2>) -> Result<Vec<Vec<u16>>> {
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

/// A class drawn by its probability at a temperature above 0; `throw` is within 0..1.
pub(in crate::songs) fn drawn(logits: &[f32], temperature: f32, throw: f32) -> u16 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: &f32| f64::from((logit - highest) / temperature).exp();
    let mut left = f64::from(throw) * logits.iter().map(weight).sum::<f64>();
    for (class, logit) in logits.iter().enumerate() {
        left -= weight(logit);
        if left < 0.0 {
            return class as u16;
        }
    }
    likeliest(logits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::{VaeDecoder, Weights};

    #[test]
    fn a_class_is_drawn_as_often_as_it_is_likely() {
        let logits: Vec<f32> = [0.1_f32, 0.6, 0.3].iter().map(|share| share.ln()).collect();
        let mut counts = [0; 3];
        (0..1000).for_each(|k| counts[usize::from(drawn(&logits, 1.0, k as f32 / 1000.0))] += 1);
        assert!(counts.iter().zip([100_i32, 600, 300]).all(|(found, meant)| (found - meant).abs() <= 2));
        assert_eq!(drawn(&logits, 0.01, 0.999), 1, "cold, only the likeliest is left");
    }

    /// Songs that are one loop of two bars: tiling and copying are always right, a fresh model is not.
    #[test]
    fn what_needs_no_model_is_counted_on_the_same_passages() -> Result<()> {
        let looped =
            |song: u16| (0..128).map(|step| if step % 2 == 0 { step % 32 + song } else { 0 }).collect();
        let windows = || Windows::new((0..6).map(looped).collect(), 4);
        let decoder = VaeDecoder::Hierarchical;
        let (encoder_width, decoder_width, joint) = (8, 8, 2);
        let shape =
            VaeShape { decoder, bars: 4, latent: 5, encoder_width, decoder_width, joint, embedding: 3 };
        let weights = Weights::initial(&shape.trained_arrays(), 1);
        let network = SequenceVae::from_weights(&shape, &weights, &nets::device())?;
        let found = figures(&network, &shape, &windows(), &windows())?;
        assert_eq!((found.copying, found.tiling), (Some(1.0), Some(1.0)));
        assert!((found.silence - 0.5).abs() < 0.03 && found.components > 0.9, "{found:?}");
        assert!(found.free < 0.6 && found.divergence_bits >= 0.0);
        Ok(())
    }
}

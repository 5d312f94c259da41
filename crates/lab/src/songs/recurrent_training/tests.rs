//! Training on composed songs: that something is learnt, and that a run which was cut ends as one that
//! was not.

use std::ops::ControlFlow;

use super::*;
use crate::training::{Moment, OneCycle, Recipe, train, with_checkpoints};

/// Two bars of their own, over and over.
fn song(seed: u16) -> Vec<u16> {
    (0..160).map(|step: u16| (step % 32 * 37 + seed) % 512).collect()
}

fn recipe(epochs: usize) -> Recipe {
    Recipe {
        subject: String::new(),
        epochs,
        batch: 2,
        rate: OneCycle { peak: 1e-2, warm_up: 0.0 },
        critic_rate: 1e-3,
        clip: 1.0,
        patience: 5,
        seed: 1,
    }
}

fn small(reach: usize) -> RecurrentShape {
    RecurrentShape { layers: 2, width: 16, lags: Vec::new(), reach }
}

#[test]
fn a_song_that_repeats_is_learnt_with_attention_and_without() -> Result<()> {
    // Four steps over and over: whoever knows the place in the bar knows what comes.
    let song: Vec<u16> = (0..160).map(|step: u16| step % 4 * 37).collect();
    for reach in [0, 40] {
        let songs = vec![song.clone()];
        let shape = RecurrentShape { layers: 1, ..small(reach) };
        let objective = RecurrentTraining::new(shape, songs.clone(), &songs, 32);
        let mut losses = Vec::new();
        train(&objective, &recipe(1), None, |moment| {
            if let Moment::Step { loss, .. } = moment {
                losses.push(loss);
            }
            Ok(if losses.len() < 200 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let last = losses[195..].iter().sum::<f64>() / 5.0;
        assert!(last < 0.7, "knowing only how often each occurs costs 1.39: {losses:?}");
    }
    Ok(())
}

/// The gradients of all weights, by name of their place in the module.
fn values(gradients: &GradientsParams, model: &RecurrentNetwork) -> Result<Vec<Vec<f32>>> {
    let mut all = Vec::new();
    for layer in model.layers() {
        let (weight, bias) = layer.parameters();
        all.push(gradients.get::<2>(weight.id).context("of a matrix")?.try_to_vec_as::<f32>()?);
        all.push(gradients.get::<1>(bias.id).context("of what is added")?.try_to_vec_as::<f32>()?);
    }
    Ok(all)
}

#[test]
fn the_way_back_through_the_whole_model_is_that_of_the_tape() -> Result<()> {
    let (device, songs) = (nets::device().autodiff(), vec![song(3)]);
    for reach in [0, 10] {
        let objective = RecurrentTraining::new(small(reach), songs.clone(), &songs, 16);
        let model = objective.initial(1, &device)?;
        let dice = || Dice::new(1, crate::chance::Purpose::Loss, 0);
        let by_hand = objective.gradients(&model, &[0, 1, 2], &mut dice(), 0.0)?;

        let mut dice = dice();
        let windows: Vec<(&[u16], usize)> = (0..3).map(|_| objective.training.bars(16, &mut dice)).collect();
        let batch = Batch::of(&objective.shape, &windows, 16);
        let rows = |step: usize| {
            let rows = batch.heard.slice(ndarray::s![step * 3..step * 3 + 3, ..]).to_owned();
            Tensor::<2>::from_data(tensor(rows).into_data(), &device)
        };
        let played = TensorData::new(batch.played.clone(), [3, 16, PIECES]);
        let logits = model.forward((0..16).map(rows).collect(), Tensor::from_data(played, &device));
        let next = TensorData::new(batch.next.clone(), [48, 1]);
        let next = Tensor::<2, burn::tensor::Int>::from_data(next, &device);
        let loss = burn::tensor::activation::log_softmax(logits, 1).gather(1, next).mean().neg();
        let on_tape = GradientsParams::from_grads(loss.backward(), &model);
        assert!((f64::from(loss.try_into_scalar::<f32>()?) - by_hand.loss).abs() < 1e-5);
        for (one, other) in values(&by_hand.model, &model)?.iter().zip(values(&on_tape, &model)?) {
            for (one, other) in one.iter().zip(other) {
                assert!((one - other).abs() < 1e-5, "{one} and {other}, reach {reach}");
            }
        }
    }
    Ok(())
}

/// An epoch of a few windows.
struct Short(RecurrentTraining);

impl Objective for Short {
    type Model = RecurrentNetwork;

    fn initial(&self, seed: u64, device: &Device) -> Result<RecurrentNetwork> {
        self.0.initial(seed, device)
    }

    fn rows(&self) -> usize {
        6
    }

    fn gradients(
        &self,
        model: &RecurrentNetwork,
        rows: &[usize],
        dice: &mut Dice,
        done: f64,
    ) -> Result<Gradients> {
        self.0.gradients(model, rows, dice, done)
    }

    fn validation_loss(&self, model: &RecurrentNetwork) -> Result<f64> {
        self.0.validation_loss(model)
    }
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() -> Result<()> {
    let songs = vec![song(2), song(5)[..50].to_vec()];
    let objective = Short(RecurrentTraining::new(small(24), songs.clone(), &songs, 48));
    let whole = train(&objective, &recipe(3), None, |_| Ok(ControlFlow::Continue(())))?;
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("run.checkpoint");
    train(&objective, &recipe(3), None, |moment| {
        let Moment::Epoch(checkpoint) = moment else { return Ok(ControlFlow::Continue(())) };
        checkpoint.save(&place)?;
        Ok(ControlFlow::Break(()))
    })?;
    let resumed = with_checkpoints(&objective, &recipe(3), &place, true)?;
    assert_eq!((resumed.epochs, resumed.best), (whole.epochs, whole.best));
    Ok(())
}

#[test]
fn what_lies_behind_the_end_of_a_song_counts_for_nothing() -> Result<()> {
    let (shape, device) = (small(8), nets::device());
    let network = RecurrentNetwork::from_weights(&shape, &Weights::initial(&shape.arrays(), 1), &device)?;
    let loss = |steps: usize| -> Result<f64> {
        let short = song(3)[..32].to_vec();
        let mut batch = Batch::of(&shape, &[(&short, 0)], steps);
        let passes = batch.passes(&network)?;
        let said = passes.last().context("layers")?.said().to_owned();
        Ok(batch.missed(&batch.logits(&network, tensor(said)))?.0)
    };
    assert!((loss(32)? - loss(48)?).abs() < 1e-5);
    Ok(())
}

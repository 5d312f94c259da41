//! Training on synthetic songs: the loss falls, the gradients are those of autodiff, and a resumed run ends where
//! an uninterrupted one does.

use super::*;
use crate::training::tests_support::{interrupted_after_an_epoch, losses};
use crate::training::{LearningRate, Recipe, train};

/// Two bars of their own, over and over.
fn song(seed: u16) -> Vec<u16> {
    (0..160).map(|step: u16| (step % 32 * 37 + seed) % 512).collect()
}

fn recipe(epochs: usize) -> Recipe {
    let rate = LearningRate::OneCycle { peak: 1e-2, warm_up: 0.0 };
    Recipe { clip: 1.0, ..Recipe::new(String::new(), epochs, 2, rate, 1) }
}

fn small(attention_window: usize) -> RecurrentConfig {
    RecurrentConfig { layers: 2, width: 16, lags: Vec::new(), attention_window }
}

#[test]
fn a_song_that_repeats_is_learnt_with_attention_and_without() -> Result<()> {
    // Four steps over and over: the position in the bar determines the next one.
    let song: Vec<u16> = (0..160).map(|step: u16| step % 4 * 37).collect();
    for attention_window in [0, 40] {
        let songs = vec![song.clone()];
        let config = RecurrentConfig { layers: 1, ..small(attention_window) };
        let objective = RecurrentTraining::new(config, songs.clone(), &songs, 32);
        let losses = losses(&objective, &recipe(1), 200)?;
        let last = losses[195..].iter().sum::<f64>() / 5.0;
        assert!(last < 0.7, "class frequencies alone cost 1.39: {losses:?}");
    }
    Ok(())
}

/// The gradients of the LSTM layers' weights, in order.
fn values(gradients: &GradientsParams, model: &RecurrentNetwork) -> Result<Vec<Vec<f32>>> {
    let mut all = Vec::new();
    for layer in model.layers() {
        let (weight, bias) = layer.parameters();
        all.push(gradients.get::<2>(weight.id).context("a matrix's gradient")?.try_to_vec_as::<f32>()?);
        all.push(gradients.get::<1>(bias.id).context("a bias's gradient")?.try_to_vec_as::<f32>()?);
    }
    Ok(all)
}

#[test]
fn gradients_by_hand_are_those_of_autodiff() -> Result<()> {
    let (device, songs) = (nets::device().autodiff(), vec![song(3)]);
    for attention_window in [0, 10] {
        let objective = RecurrentTraining::new(small(attention_window), songs.clone(), &songs, 16);
        let model = objective.initial(1, &device)?;
        let mut rng = TrainingRng::new(1, crate::rng::Purpose::Loss, 0);
        let windows = objective.windows.epoch(1, 0)(3, &mut rng);
        let by_hand = objective.gradients(&model, &windows, &mut rng, 0.0)?;

        let batch = WindowBatch::of(&objective.config, &windows, 16);
        let rows = |step: usize| {
            let rows = batch.inputs.slice(ndarray::s![step * 3..step * 3 + 3, ..]).to_owned();
            Tensor::<2>::from_data(tensor(rows).into_data(), &device)
        };
        let pieces = TensorData::new(batch.pieces.clone(), [3, 16, PIECES]);
        let logits = model.forward((0..16).map(rows).collect(), Tensor::from_data(pieces, &device));
        let classes = TensorData::new(batch.classes.clone(), [48, 1]);
        let classes = Tensor::<2, burn::tensor::Int>::from_data(classes, &device);
        let loss = burn::tensor::activation::log_softmax(logits, 1).gather(1, classes).mean().neg();
        let by_autodiff = GradientsParams::from_grads(loss.backward(), &model);
        assert!((f64::from(loss.try_into_scalar::<f32>()?) - by_hand.loss).abs() < 1e-5);
        let by_hand = &by_hand.by_optimizer[0];
        for (one, other) in values(by_hand, &model)?.iter().zip(values(&by_autodiff, &model)?) {
            for (one, other) in one.iter().zip(other) {
                assert!((one - other).abs() < 1e-5, "{one} and {other}, attention {attention_window}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() -> Result<()> {
    let songs = vec![song(2), song(5)[..50].to_vec()];
    let mut objective = RecurrentTraining::new(small(24), songs.clone(), &songs, 48);
    objective.windows.epoch_len = 6;
    let whole = train(&objective, &recipe(3), None, &mut |_| Ok(std::ops::ControlFlow::Continue(())))?;
    let checkpoint = interrupted_after_an_epoch(&objective, &recipe(3))?;
    let resumed =
        train(&objective, &recipe(3), Some(checkpoint), &mut |_| Ok(std::ops::ControlFlow::Continue(())))?;
    assert_eq!((resumed.epochs, resumed.best), (whole.epochs, whole.best));
    Ok(())
}

#[test]
fn steps_after_the_end_of_a_song_are_masked() -> Result<()> {
    let (config, device) = (small(8), nets::device());
    let network = RecurrentNetwork::from_weights(&config, &Weights::initial(&config.arrays(), 1), &device)?;
    let loss = |steps: usize| -> Result<f64> {
        let short = song(3)[..32].to_vec();
        let mut batch = WindowBatch::of(&config, &[(&short, 0)], steps);
        let passes = batch.passes(&network)?;
        let hidden = passes.last().context("layers")?.output().to_owned();
        Ok(batch.loss(&batch.logits(&network, tensor(hidden)))?.0)
    };
    assert!((loss(32)? - loss(48)?).abs() < 1e-5);
    Ok(())
}

//! The way back by hand against burn's tape.

use anyhow::{Context, Result};
use nets::Weights;

use super::*;

const INPUTS: usize = 6;
const WIDTH: usize = 8;
const BATCH: usize = 3;
const STEPS: usize = 9;

fn values(rows: usize, columns: usize, salt: usize) -> Array2<f32> {
    Array2::from_shape_fn([rows, columns], |(row, column)| {
        ((row * 37 + column * 11 + salt * 5) % 23) as f32 / 12.0 - 0.9
    })
}

fn close(one: &[f32], other: &[f32], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    for (one, other) in one.iter().zip(other) {
        assert!((one - other).abs() < 1e-4, "{what}: {one} and {other}");
    }
}

#[test]
fn the_way_there_and_back_is_that_of_the_tape() -> Result<()> {
    let device = nets::device().autodiff();
    let weights = Weights::initial(&Lstm::arrays("layer", INPUTS, WIDTH), 4);
    let layer = Lstm::from_weights(&weights, "layer", INPUTS, WIDTH, &device)?;
    let (heard, of_said) = (values(STEPS * BATCH, INPUTS, 0), values(STEPS * BATCH, WIDTH, 1));
    let [hidden, cell] = [2, 3].map(|salt| tensor(values(BATCH, WIDTH, salt)));

    // On the tape: the loss is what follows `of_said`.
    let taped = |array: &Array2<f32>| Tensor::<2>::from_data(tensor(array.clone()).into_data(), &device);
    let all = taped(&heard).require_grad();
    let rows = (0..STEPS).map(|step| all.clone().narrow(0, step * BATCH, BATCH)).collect();
    let on_tape = |tensor: &Tensor<2>| Tensor::<2>::from_data(tensor.clone().into_data(), &device);
    let state = LstmState { hidden: on_tape(&hidden), cell: on_tape(&cell) };
    let (said, _) = layer.forward(rows, state);
    let said = Tensor::cat(said, 0);
    let mut gradients = (said.clone() * taped(&of_said)).sum().backward();
    let of_heard = all.grad(&gradients).context("what was heard has a gradient")?;
    let of_layer = GradientsParams::from_module(&mut gradients, &layer);

    let pass = forward(&layer, heard, BATCH, Some(&LstmState { hidden, cell }))?;
    close(&pass.said().iter().copied().collect::<Vec<_>>(), &said.try_to_vec_as::<f32>()?, "said");
    let slopes = pass.backward(&of_said);
    let mut by_hand = GradientsParams::new();
    let heard: Vec<f32> = slopes.register(&layer, &mut by_hand).into_iter().collect();
    close(&heard, &of_heard.try_to_vec_as::<f32>()?, "of heard");
    let (weight, bias) = layer.parameters();
    let both = [&by_hand, &of_layer].map(|gradients| {
        let weight = gradients.get::<2>(weight.id).context("of the matrix")?.try_to_vec_as::<f32>()?;
        let bias = gradients.get::<1>(bias.id).context("of what is added")?.try_to_vec_as::<f32>()?;
        Ok::<_, anyhow::Error>((weight, bias))
    });
    let [hand, tape] = both;
    let ((hand, hand_bias), (tape, tape_bias)) = (hand?, tape?);
    close(&hand, &tape, "of the matrix");
    close(&hand_bias, &tape_bias, "of what is added");
    Ok(())
}

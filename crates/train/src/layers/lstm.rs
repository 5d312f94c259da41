//! An LSTM layer over burn's tensors.
//!
//! Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000:
//! `c' = f c + i g` and `h' = o tanh(c')`, where the gates `i`, `f`, `g` and `o` are linear in the input and `h`.
//! All four come from one matrix product and one pass of tanh, since `sigmoid(x) = (1 + tanh(x / 2)) / 2`.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use nets::layers::LayerReader;
use nets::{NamedShape, WeightsFault, linear_arrays};

/// One layer.
#[derive(Module, Debug)]
pub(crate) struct Lstm {
    /// `[inputs + width, 4 * width]`: rows of the input, then of `h`; columns of `i`, `f`, `g` and `o`.
    weight: Param<Tensor<2>>,
    /// `[4 * width]`. The effective bias of the forget gate is one more than the stored one, so that a fresh
    /// layer remembers.
    bias: Param<Tensor<1>>,
}

/// The state of a layer between two steps.
#[derive(Clone, Debug)]
pub(crate) struct LstmState {
    /// The hidden state, its last output: `[batch, width]`.
    pub(crate) hidden: Tensor<2>,
    /// The cell state, `[batch, width]`.
    pub(crate) cell: Tensor<2>,
}

impl LstmState {
    /// The zero state.
    pub(crate) fn start(batch: usize, width: usize, device: &Device) -> Self {
        let zeros = || Tensor::zeros([batch, width], device);
        Self { hidden: zeros(), cell: zeros() }
    }
}

impl Lstm {
    /// Names and shapes of the weights of the layer `name`.
    pub(crate) fn arrays(name: &str, inputs: usize, width: usize) -> [NamedShape; 2] {
        linear_arrays(name, [inputs + width, 4 * width])
    }

    /// The next two arrays as a layer: its matrix and its bias.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub(crate) fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self { weight: reader.parameter()?, bias: reader.parameter()? })
    }

    /// Its matrix, `[inputs + width, 4 * width]`: rows of the input, then of `h`; columns of `i`, `f`, `g`
    /// and `o`.
    pub(crate) fn matrix(&self) -> Tensor<2> {
        self.weight.val()
    }

    /// Its stored bias, `[4 * width]`; the forget gate's effective one is one more.
    pub(crate) fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// Its matrix, `[inputs + width, 4 * width]`, and its bias, `[4 * width]`, as parameters: for gradients by
    /// hand.
    pub(crate) fn parameters(&self) -> (&Param<Tensor<2>>, &Param<Tensor<1>>) {
        (&self.weight, &self.bias)
    }

    /// Its width.
    pub(crate) fn width(&self) -> usize {
        self.bias.dims()[0] / 4
    }

    /// Its outputs for one input after another, and its state after them.
    ///
    /// Steps are a list: slicing them out of one long tensor would cost, in the backward pass, that whole
    /// tensor for each step. Join the outputs with [`Tensor::stack`] or [`Tensor::cat`].
    ///
    /// # Shapes
    ///
    /// - inputs: `[batch, inputs]` each
    /// - output: `[batch, width]` each
    pub(crate) fn forward(&self, inputs: Vec<Tensor<2>>, state: LstmState) -> (Vec<Tensor<2>>, LstmState) {
        let factors = self.gate_factors(&state.hidden.device());
        let mut state = state;
        let mut outputs = Vec::with_capacity(inputs.len());
        for input in inputs {
            state = self.step_with(input, state, &factors);
            outputs.push(state.hidden.clone());
        }
        (outputs, state)
    }

    /// Its state after one more input, `[batch, inputs]`; its output is the state's `hidden`.
    pub(crate) fn step(&self, input: Tensor<2>, state: LstmState) -> LstmState {
        let factors = self.gate_factors(&state.hidden.device());
        self.step_with(input, state, &factors)
    }

    fn step_with(&self, input: Tensor<2>, state: LstmState, factors: &GateFactors) -> LstmState {
        let width = self.width();
        let inputs = Tensor::cat(vec![input, state.hidden], 1); // [batch, inputs + width]
        let sums = inputs.matmul(self.weight.val()) + factors.bias.clone(); // [batch, 4 * width]
        let gates = (sums * factors.input_scale.clone()).tanh() * factors.output_scale.clone()
            + factors.offset.clone();
        let gate = |number| gates.clone().narrow(1, number * width, width); // [batch, width]
        let cell = gate(1) * state.cell + gate(0) * gate(2);
        LstmState { hidden: gate(3) * cell.clone().tanh(), cell }
    }

    /// The factors with which one tanh computes the sigmoid of three gates and the tanh of the fourth.
    fn gate_factors(&self, device: &Device) -> GateFactors {
        let width = self.width();
        let gates = |values: [f32; 4]| {
            let row: Vec<f32> = values.iter().flat_map(|value| vec![*value; width]).collect();
            Tensor::<1>::from_floats(row.as_slice(), device).unsqueeze::<2>() // [1, 4 * width]
        };
        GateFactors {
            bias: self.bias.val().unsqueeze::<2>() + gates([0.0, 1.0, 0.0, 0.0]), // [1, 4 * width]
            input_scale: gates([0.5, 0.5, 1.0, 0.5]),
            output_scale: gates([0.5, 0.5, 1.0, 0.5]),
            offset: gates([0.5, 0.5, 0.0, 0.5]),
        }
    }
}

/// Values for all four gates, `[1, 4 * width]` each: a gate is
/// `tanh((sum + bias) * input_scale) * output_scale + offset`.
struct GateFactors {
    bias: Tensor<2>,
    input_scale: Tensor<2>,
    output_scale: Tensor<2>,
    offset: Tensor<2>,
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use nets::Weights;
    use nets::layers::floats;

    /// The formulas, value by value.
    fn reference(weights: &Weights, input: &[f32], hidden: &mut [f32], cell: &mut [f32]) {
        let [weight, bias] =
            ["layer.weight", "layer.bias"].map(|name| &weights.get(name).expect(name).values);
        let width = hidden.len();
        let inputs_and_hidden: Vec<f32> = input.iter().chain(hidden.iter()).copied().collect();
        let sum = |gate: usize, unit: usize| {
            let column = gate * width + unit;
            let terms = inputs_and_hidden
                .iter()
                .enumerate()
                .map(|(row, value)| value * weight[row * 4 * width + column]);
            terms.sum::<f32>() + bias[column]
        };
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let next: Vec<(f32, f32)> = (0..width)
            .map(|unit| {
                let kept = sigmoid(sum(1, unit) + 1.0) * cell[unit];
                let new = kept + sigmoid(sum(0, unit)) * sum(2, unit).tanh();
                (sigmoid(sum(3, unit)) * new.tanh(), new)
            })
            .collect();
        for (unit, (output, kept)) in next.into_iter().enumerate() {
            (hidden[unit], cell[unit]) = (output, kept);
        }
    }

    #[test]
    fn the_layer_follows_its_formulas_and_continues_from_its_state() {
        let (input_width, width, steps) = (5, 7, 6);
        let device = nets::device();
        let arrays = Lstm::arrays("layer", input_width, width).to_vec();
        let weights = Weights::initial(&arrays, 2);
        let mut reader = LayerReader::new(&weights, arrays, &device);
        let layer = Lstm::read(&mut reader).expect("sound weights");

        let value = |step: usize, place: usize| ((step * 31 + place * 17) % 13) as f32 / 4.0 - 1.5;
        let rows = |step: usize| (0..2 * input_width).map(|place| value(step, place)).collect::<Vec<f32>>();
        let inputs: Vec<Tensor<2>> = (0..steps)
            .map(|step| Tensor::from_data(TensorData::new(rows(step), [2, input_width]), &device))
            .collect();
        let start = LstmState::start(2, width, &device);
        let (outputs, end) = layer.forward(inputs.clone(), start.clone());
        let (first, middle) = layer.forward(inputs[..4].to_vec(), start);
        let again = inputs[4..].iter().fold(middle, |state, input| layer.step(input.clone(), state));
        assert_eq!((first.len(), floats(again.hidden)), (4, floats(end.hidden)));

        let mut state = [[vec![0.0; width], vec![0.0; width]], [vec![0.0; width], vec![0.0; width]]];
        for (step, output) in outputs.into_iter().enumerate() {
            let mut expected = Vec::new();
            for (row, [hidden, cell]) in state.iter_mut().enumerate() {
                reference(&weights, &rows(step)[row * input_width..][..input_width], hidden, cell);
                expected.extend_from_slice(hidden);
            }
            for (one, other) in floats(output).iter().zip(&expected) {
                assert!((one - other).abs() < 1e-5, "{one} and {other} in step {step}");
            }
        }
    }
}

//! A recurrent model as a burn module, over windows of many songs at once. [`RecurrentModel`] in `nets` is the
//! same network for inference.
//!
//! [`RecurrentModel`]: nets::RecurrentModel

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use nets::layers::LayerReader;
use nets::{RecurrentConfig, Weights, WeightsFault};

use crate::layers::lstm::Lstm;
#[cfg(test)]
use crate::layers::lstm::LstmState;

/// LSTM layers, optional attention, and an output head.
#[derive(Module, Debug)]
pub(crate) struct RecurrentNetwork {
    layers: Vec<Lstm>,
    attention: Option<AttentionLayer>,
    /// One layer to the logits, or two after attention.
    head: Vec<Linear>,
}

impl RecurrentNetwork {
    /// The network of these weights. Fresh ones: `Weights::initial(&config.arrays(), seed)`.
    pub(crate) fn from_weights(
        config: &RecurrentConfig,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let mut reader = LayerReader::new(weights, config.arrays(), device);
        Ok(Self {
            layers: (0..config.layers).map(|_| Lstm::read(&mut reader)).collect::<Result<_, _>>()?,
            attention: (config.attention_window > 0)
                .then(|| AttentionLayer::read(&mut reader))
                .transpose()?,
            head: config.head_layers().iter().map(|_| reader.linear()).collect::<Result<_, _>>()?,
        })
    }

    /// The LSTM layers, the first one first.
    pub(crate) fn layers(&self) -> &[Lstm] {
        &self.layers
    }

    /// The logits of windows that start from the zero state: the reference for the gradients by hand.
    ///
    /// # Shapes
    ///
    /// - inputs: `[batch, inputs]` for each step, each 0 or 1
    /// - pieces: `[batch, steps, 9]`, the pieces of each step, each 0 or 1
    /// - output: `[batch * steps, 512]`, logits of each step
    #[cfg(test)]
    pub(crate) fn forward(&self, inputs: Vec<Tensor<2>>, pieces: Tensor<3>) -> Tensor<2> {
        let [batch, _, _] = pieces.dims();
        let device = pieces.device();
        let mut hidden = inputs;
        for layer in &self.layers {
            hidden = layer.forward(hidden, LstmState::start(batch, layer.width(), &device)).0;
        }
        self.logits(Tensor::stack(hidden, 1), pieces)
    }

    /// The logits, given the hidden states of the last LSTM layer.
    ///
    /// # Shapes
    ///
    /// - hidden: `[batch, steps, width]`
    /// - pieces: `[batch, steps, 9]`, the pieces of each step; a step attends to those before it
    /// - output: `[batch * steps, 512]`, logits of each step
    pub(crate) fn logits(&self, hidden: Tensor<3>, pieces: Tensor<3>) -> Tensor<2> {
        let features = match &self.attention {
            Some(attention) => {
                let values = Tensor::cat(vec![hidden.clone(), pieces], 2); // [batch, steps, width + 9]
                let attended = attention.forward(hidden.clone(), values);
                Tensor::cat(vec![hidden, attended], 2) // [batch, steps, 2 * width + 9]
            }
            None => hidden,
        };
        let [batch, steps, width] = features.dims();
        let mut features = features.reshape([batch * steps, width]);
        for (number, layer) in self.head.iter().enumerate() {
            features = layer.forward(if number == 0 { features } else { relu(features) });
        }
        features
    }
}

/// Attention over the previous steps of the window (Bahdanau et al. 2015, as Magenta's DrumsRNN uses it), with
/// two changes: the attended values do not feed back into the recurrence, so that all steps of a window are
/// computed at once; and the values hold the pieces that were played beside the hidden state.
#[derive(Module, Debug)]
struct AttentionLayer {
    query: Linear,
    key: Linear,
    /// Relative position bias, `[attention_window]`: added to the scores, one step ago first.
    position_bias: Param<Tensor<1>>,
}

impl AttentionLayer {
    fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self { query: reader.linear()?, key: reader.linear()?, position_bias: reader.parameter()? })
    }

    /// The attended values of each step; zeros where there is no previous step.
    ///
    /// # Shapes
    ///
    /// - hidden: `[batch, steps, width]`, the hidden state before each step
    /// - values: `[batch, steps, values]`
    /// - output: `[batch, steps, values]`
    fn forward(&self, hidden: Tensor<3>, values: Tensor<3>) -> Tensor<3> {
        let [_, steps, width] = hidden.dims();
        let device = hidden.device();
        let (distances, masked) = mask(steps, self.position_bias.dims()[0], &device);
        let bias = self.position_bias.val().select(0, distances).reshape([1, steps, steps]);
        let query = self.query.forward(hidden.clone()) / (width as f32).sqrt(); // [batch, steps, width]
        let key = self.key.forward(hidden).swap_dims(1, 2); // [batch, width, steps]
        let scores = query.matmul(key) + bias; // [batch, steps, steps]
        let masked = masked.expand(scores.dims());
        let weights = softmax(scores.mask_fill(masked.clone(), -1e9), 2).mask_fill(masked, 0.0);
        weights.matmul(values)
    }
}

/// For each pair of steps (query, key): the index of their distance in the position bias, and whether the key
/// is masked: not before the query, or outside the attention window.
fn mask(steps: usize, window: usize, device: &Device) -> (Tensor<1, Int>, Tensor<3, Bool>) {
    let pairs = || (0..steps).flat_map(|query| (0..steps).map(move |key| (query, key)));
    let visible = |(query, key): (usize, usize)| key < query && query - key <= window;
    let distance = |pair: (usize, usize)| if visible(pair) { pair.0 - pair.1 - 1 } else { 0 };
    let distances: Vec<i32> = pairs().map(|pair| distance(pair) as i32).collect();
    let masked: Vec<bool> = pairs().map(|pair| !visible(pair)).collect();
    (
        Tensor::from_data(TensorData::new(distances, [steps * steps]), device),
        Tensor::from_data(TensorData::new(masked, [1, steps, steps]), device),
    )
}

#[cfg(test)]
mod tests {
    use beat::{CLASSES, PIECES};
    use nets::layers::{floats, weights_of};
    use nets::{NextStepModel, RecurrentModel};

    use super::*;

    const SONG: [u16; 40] = {
        let mut song = [0; 40];
        let mut step = 0;
        while step < 40 {
            song[step] = (step * step * 37 % 512) as u16;
            step += 1;
        }
        song
    };

    /// The logits of every step by the network.
    fn by_network(config: &RecurrentConfig, weights: &Weights) -> Vec<f32> {
        let device = nets::device();
        let network = RecurrentNetwork::from_weights(config, weights, &device).expect("sound weights");
        assert_eq!(weights_of(&network, config.arrays()), *weights);
        let inputs = (0..SONG.len()).map(|now| {
            let mut row = vec![0.0; config.inputs()];
            config.encode_step(&SONG[..now], |input| row[input] = 1.0);
            Tensor::<2>::from_data(TensorData::new(row, [1, config.inputs()]), &device)
        });
        let pieces = |class: &u16| (0..PIECES).map(|piece| f32::from(class >> piece & 1)).collect::<Vec<_>>();
        let pieces: Vec<f32> = SONG.iter().flat_map(pieces).collect();
        let pieces = Tensor::<3>::from_data(TensorData::new(pieces, [1, SONG.len(), PIECES]), &device);
        floats(network.forward(inputs.collect(), pieces))
    }

    #[test]
    fn inference_and_training_network_agree() {
        for config in
            [RecurrentConfig::lstm(&[]), RecurrentConfig::lstm(&[16, 32]), RecurrentConfig::drums_rnn(24)]
        {
            let config = RecurrentConfig { width: 12, ..config };
            let weights = Weights::initial(&config.arrays(), 3);
            let model = RecurrentModel::new(&config, &weights).expect("sound weights");
            let (mut state, network) = (model.start(), by_network(&config, &weights));
            for (step, expected) in network.chunks(CLASSES).enumerate() {
                for (one, other) in state.logits().iter().zip(expected) {
                    assert!((one - other).abs() < 1e-4, "{one} and {other} in step {step} of {config:?}");
                }
                state.push(SONG[step]);
            }
        }
    }
}

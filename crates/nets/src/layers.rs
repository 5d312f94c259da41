//! The device of all tensors, and burn layers from named arrays and back.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData};

use crate::{Array, NamedShape, Weights, WeightsFault};

#[cfg(not(any(feature = "ndarray", feature = "flex")))]
compile_error!("build nets with the feature `ndarray` (the default) or `flex`");

/// The device on which all tensors of Beatfield live: burn's ndarray backend, or flex where the cargo
/// feature `flex` is on. Both give the same numbers within 1e-5 (`tests/golden.rs`), so only this function
/// changes when upstream drops ndarray. With the feature `wgpu`, for training, it is the system's default
/// graphics card.
pub fn device() -> Device {
    #[cfg(feature = "wgpu")]
    return Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    #[cfg(all(feature = "flex", not(feature = "wgpu")))]
    return Device::flex();
    #[cfg(not(any(feature = "flex", feature = "wgpu")))]
    #[allow(deprecated, reason = "ndarray is the default here; its successor flex is a feature")]
    Device::ndarray()
}

/// Builds the layers of a module from the weights of these names and shapes, in the order of the module's fields.
pub struct LayerReader<'a> {
    weights: &'a Weights,
    arrays: std::vec::IntoIter<NamedShape>,
    device: &'a Device,
}

impl<'a> LayerReader<'a> {
    /// A reader that begins with the first of `arrays`.
    pub fn new(weights: &'a Weights, arrays: Vec<NamedShape>, device: &'a Device) -> Self {
        Self { weights, arrays: arrays.into_iter(), device }
    }

    /// The next array as a trainable parameter.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn parameter<const D: usize>(&mut self) -> Result<Param<Tensor<D>>, WeightsFault> {
        let next = self.arrays.next();
        let (name, shape) = next.ok_or_else(|| WeightsFault::Missing("of another layer".to_owned()))?;
        let Array { shape, values } = self.weights.checked(&name, &shape)?.clone();
        Ok(Param::from_data(TensorData::new(values, shape), self.device))
    }

    /// The next two arrays as a linear layer: its `[inputs, outputs]` matrix and its bias.
    ///
    /// # Errors
    ///
    /// As [`Self::parameter`].
    pub fn linear(&mut self) -> Result<Linear, WeightsFault> {
        Ok(Linear { weight: self.parameter()?, bias: Some(self.parameter()?) })
    }

    /// The next two arrays as a layer normalisation: gamma and beta.
    ///
    /// # Errors
    ///
    /// As [`Self::parameter`].
    pub fn layer_norm(&mut self) -> Result<LayerNorm, WeightsFault> {
        let gamma: Param<Tensor<1>> = self.parameter()?;
        let mut norm = LayerNormConfig::new(gamma.dims()[0]).init(self.device);
        (norm.gamma, norm.beta) = (gamma, Some(self.parameter()?));
        Ok(norm)
    }
}

/// The values of a module's parameters. `arrays` names them in the order of the module's fields, as for
/// [`LayerReader`].
pub fn weights_of(module: &impl Module, arrays: Vec<NamedShape>) -> Weights {
    struct ArrayWriter(Weights, std::vec::IntoIter<NamedShape>);
    impl ModuleVisitor for ArrayWriter {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            let tensor = parameter.val();
            if let Some((name, _)) = self.1.next() {
                self.0.insert(name, Array { shape: tensor.dims().to_vec(), values: floats(tensor) });
            }
        }
    }
    let mut writer = ArrayWriter(Weights::default(), arrays.into_iter());
    module.visit(&mut writer);
    writer.0
}

/// A tensor's values in row-major order.
pub fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    // PANIC: every backend of ours computes in f32, on this machine's memory.
    tensor.into_data().try_into_vec_as().expect("a float tensor holds floats")
}

//! The device of all tensors, and burn layers from named arrays and back.

use burn::module::Param;
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData};

use crate::{Array, Weights, WeightsFault};

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

/// The linear layer `name` with its `[inputs, outputs]` matrix.
///
/// # Errors
///
/// A weight is missing, has the wrong shape, or is not finite.
pub fn linear(
    weights: &Weights,
    name: &str,
    [inputs, outputs]: [usize; 2],
    device: &Device,
) -> Result<Linear, WeightsFault> {
    let matrix = weights.checked(&format!("{name}.weight"), &[inputs, outputs])?;
    let bias = weights.checked(&format!("{name}.bias"), &[outputs])?;
    Ok(Linear { weight: parameter(matrix, device), bias: Some(parameter(bias, device)) })
}

/// The layer normalisation `name` over `width` values.
///
/// # Errors
///
/// A weight is missing, has the wrong shape, or is not finite.
pub fn layer_norm(
    weights: &Weights,
    name: &str,
    width: usize,
    device: &Device,
) -> Result<LayerNorm, WeightsFault> {
    let mut norm = LayerNormConfig::new(width).init(device);
    norm.gamma = parameter(weights.checked(&format!("{name}.gamma"), &[width])?, device);
    norm.beta = Some(parameter(weights.checked(&format!("{name}.beta"), &[width])?, device));
    Ok(norm)
}

/// Stores a linear layer's matrix and bias.
pub fn store_linear(weights: &mut Weights, name: &str, layer: &Linear) {
    weights.insert(format!("{name}.weight"), array(&layer.weight));
    if let Some(bias) = &layer.bias {
        weights.insert(format!("{name}.bias"), array(bias));
    }
}

/// Stores a layer normalisation's gamma and beta.
pub fn store_norm(weights: &mut Weights, name: &str, norm: &LayerNorm) {
    weights.insert(format!("{name}.gamma"), array(&norm.gamma));
    if let Some(beta) = &norm.beta {
        weights.insert(format!("{name}.beta"), array(beta));
    }
}

/// A trainable parameter that starts as `array`.
pub fn parameter<const D: usize>(array: &Array, device: &Device) -> Param<Tensor<D>> {
    Param::from_data(TensorData::new(array.values.clone(), array.shape.clone()), device)
}

/// A parameter's values.
pub fn array<const D: usize>(parameter: &Param<Tensor<D>>) -> Array {
    let tensor = parameter.val();
    Array { shape: tensor.dims().to_vec(), values: floats(tensor) }
}

/// A tensor's values in row-major order.
pub fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    // PANIC: every backend of ours computes in f32, on this machine's memory.
    tensor.into_data().try_into_vec_as().expect("a float tensor holds floats")
}

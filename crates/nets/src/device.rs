//! The one place that names a backend of burn.

use burn::tensor::Device;

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

//! The one place that names a backend of burn.

use burn::tensor::Device;

#[cfg(not(any(feature = "ndarray", feature = "flex")))]
compile_error!("build nets with the feature `ndarray` (the default) or `flex`");

/// The device on which all tensors of Beatfield live: burn's ndarray backend, or flex where the cargo
/// feature `flex` asks for it. Both give the same numbers within 1e-5 (`tests/golden.rs`), so that the
/// move is this function on the day that ndarray goes. With the feature `wgpu`, for the lab alone, it is the
/// graphics card that the system names first.
pub fn device() -> Device {
    #[cfg(feature = "wgpu")]
    return Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    #[cfg(all(feature = "flex", not(feature = "wgpu")))]
    return Device::flex();
    #[cfg(not(any(feature = "flex", feature = "wgpu")))]
    #[allow(deprecated, reason = "the project asks for ndarray; flex is one feature away")]
    Device::ndarray()
}

//! Building blocks of the networks that are trained: burn modules, and backward passes written by hand where
//! autodiff is too slow.

pub(crate) mod activations;
pub(crate) mod cross_entropy;
pub(crate) mod lstm;
pub(crate) mod lstm_gradients;
pub(crate) mod mlp;

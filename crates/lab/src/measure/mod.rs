//! How quality is measured. The same code measures a model's beats and real ones.

mod auc;
mod critic;
mod figures;
mod purity;
#[cfg(test)]
mod shipped;
mod trust;

pub(crate) use auc::auc;
pub(crate) use critic::{Sourced, realism};
pub(crate) use figures::{Figures, PadFigures, Reconstruction, figures, pad_figures, reconstruction};
pub(crate) use purity::{purity, purity_of};
pub(crate) use trust::trustworthiness;

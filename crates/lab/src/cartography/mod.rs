//! How a map is made: latents are laid out on a plane, spread evenly over the square, and the way back
//! is baked to a grid. Nothing here knows a tensor or a file.

mod align;
mod embed;
mod equalise;
mod invert;
mod principal;
mod regions;

pub(crate) use align::{aligned, apart};
pub(crate) use embed::{ITERATIONS, embed};
pub(crate) use equalise::{equalise, fitted};
pub(crate) use invert::{SIDE, invert};
pub(crate) use regions::regions;

//! How a map is made: t-SNE places latents on a plane, they are spread evenly over the square, and the inverse,
//! from a place on the map to a latent, is tabulated on a grid. No tensors, no files.

pub mod embed;
pub mod invert;
pub mod points;
pub mod regions;

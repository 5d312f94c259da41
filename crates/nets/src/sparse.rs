//! Perceptrons over inputs that are on or off, and mostly off: what the models of time are made of that
//! play in the plugin.
//!
//! Three layers with two rectifiers between them. [`SparseNetwork`] is the form that is trained, a batch at
//! once; [`SparseWalk`] walks the same numbers where they play, one answer at a time.

mod network;
mod walk;

pub use network::SparseNetwork;
pub use walk::SparseWalk;

/// The sizes of one perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparseShape {
    /// How its weights' names begin.
    pub name: &'static str,
    /// How many inputs it has.
    pub inputs: usize,
    /// The width of both hidden layers.
    pub width: usize,
    /// How many outputs it has.
    pub outputs: usize,
}

impl SparseShape {
    /// Its layers: name, inputs, outputs.
    fn layers(&self) -> [(String, [usize; 2]); 3] {
        let Self { name, inputs, width, outputs } = *self;
        [("seen", [inputs, width]), ("inner", [width, width]), ("output", [width, outputs])]
            .map(|(layer, sizes)| (format!("{name}.{layer}"), sizes))
    }

    /// Names and shapes of its weights; a matrix is `[inputs, outputs]`.
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        let both = |(name, [inputs, outputs]): (String, [usize; 2])| {
            [(format!("{name}.weight"), vec![inputs, outputs]), (format!("{name}.bias"), vec![outputs])]
        };
        self.layers().into_iter().flat_map(both).collect()
    }
}

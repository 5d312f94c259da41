//! Weights as named arrays, as model files hold them.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One array of numbers in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Sizes of its dimensions.
    pub shape: Vec<usize>,
    /// The values, as many as the product of the sizes.
    pub values: Vec<f32>,
}

/// The name and the shape of an array.
pub type NamedShape = (String, Vec<usize>);

/// The two arrays of the linear layer `name`: its matrix and its bias.
pub fn linear_arrays(name: &str, [inputs, outputs]: [usize; 2]) -> [NamedShape; 2] {
    [(format!("{name}.weight"), vec![inputs, outputs]), (format!("{name}.bias"), vec![outputs])]
}

/// Named arrays, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(BTreeMap<String, Array>);

/// What is wrong with a set of weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsFault {
    /// An array that the architecture needs is not there.
    #[error("lacks the weights `{0}`")]
    Missing(String),
    /// An array has another shape than in the architecture.
    #[error("has weights `{name}` of shape {found:?} where its architecture says {expected:?}")]
    Shape {
        /// The array.
        name: String,
        /// Its shape in the architecture.
        expected: Vec<usize>,
        /// The shape that was found.
        found: Vec<usize>,
    },
    /// The architecture has sizes out of bounds.
    #[error("has an architecture of impossible sizes ({0})")]
    Sizes(String),
    /// An array holds an infinity or something that is no number.
    #[error("has a value in `{0}` that is no finite number")]
    NotFinite(String),
}

impl Weights {
    /// Weights to start training from: the same for the same seed on every machine and backend.
    ///
    /// A matrix and its bias are uniform within one over the root of the matrix's inputs (He et al.,
    /// arXiv 1502.01852, with the gain that PyTorch and burn use); a normalisation starts as identity.
    pub fn initial(arrays: &[NamedShape], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut weights = Self::default();
        let mut limit = 1.0;
        for (name, shape) in arrays {
            if let [inputs, _] = shape[..] {
                limit = 1.0 / (inputs.max(1) as f32).sqrt();
            }
            let count = shape.iter().product();
            let values = match name.rsplit('.').next() {
                Some("gamma") => vec![1.0; count],
                Some("beta") => vec![0.0; count],
                _ => (0..count).map(|_| rng.random_range(-limit..=limit)).collect(),
            };
            weights.insert(name, Array { shape: shape.clone(), values });
        }
        weights
    }

    /// Adds an array, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, array: Array) {
        self.0.insert(name.into(), array);
    }

    /// Adds all arrays of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The array of that name.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.0.get(name)
    }

    /// Names and arrays, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Array)> {
        self.0.iter().map(|(name, array)| (name.as_str(), array))
    }

    /// Whether any array's name starts with `prefix`.
    pub fn has_prefix(&self, prefix: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(prefix))
    }

    /// The array of that name, known to be of that shape and finite.
    ///
    /// # Errors
    ///
    /// The array is missing, has another shape, or holds a value that is not finite.
    pub fn checked(&self, name: &str, shape: &[usize]) -> Result<&Array, WeightsFault> {
        let array = self.get(name).ok_or_else(|| WeightsFault::Missing(name.into()))?;
        if array.shape != shape || array.values.len() != shape.iter().product::<usize>() {
            let (expected, found) = (shape.to_vec(), array.shape.clone());
            return Err(WeightsFault::Shape { name: name.into(), expected, found });
        }
        if !array.values.iter().all(|value| value.is_finite()) {
            return Err(WeightsFault::NotFinite(name.into()));
        }
        Ok(array)
    }

    /// The rows of the matrix of that name, `N` numbers each; none where it is not there.
    pub(crate) fn rows<const N: usize>(&self, name: &str) -> Vec<[f32; N]> {
        self.get(name).map(|array| array.values.as_chunks().0.to_vec()).unwrap_or_default()
    }

    /// Checks all arrays against names and shapes.
    ///
    /// # Errors
    ///
    /// As [`Self::checked`], for the first array that is wrong.
    pub fn check(&self, arrays: &[NamedShape]) -> Result<(), WeightsFault> {
        arrays.iter().try_for_each(|(name, shape)| self.checked(name, shape).map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_what_is_wrong_with_the_weights() {
        let spec = vec![("a.weight".to_string(), vec![2, 3])];
        let mut weights = Weights::initial(&spec, 1);
        assert_eq!(weights.check(&spec), Ok(()));
        assert_eq!(weights, Weights::initial(&spec, 1));
        assert_ne!(weights, Weights::initial(&spec, 2));
        weights.insert("a.weight", Array { shape: vec![2, 3], values: vec![f32::NAN; 6] });
        assert_eq!(weights.check(&spec), Err(WeightsFault::NotFinite("a.weight".into())));
        weights.insert("a.weight", Array { shape: vec![2, 3], values: vec![0.0; 5] });
        assert!(matches!(weights.check(&spec), Err(WeightsFault::Shape { .. })));
        assert_eq!(Weights::default().check(&spec), Err(WeightsFault::Missing("a.weight".into())));
    }
}

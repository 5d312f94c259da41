//! The hyper-parameters of a training run, and the learning rate schedule.

/// The learning rate schedule of an optimizer.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum LearningRate {
    /// One cycle (Smith & Topin 2017): up quickly, down along a cosine.
    OneCycle {
        /// The highest learning rate.
        peak: f64,
        /// Which share of the run the rise takes, in 0..1.
        warm_up: f64,
    },
    /// The same throughout.
    Constant(f64),
}

impl LearningRate {
    /// The rate where `progress` (0..=1) of the run is done. One cycle starts at `peak / 25` and ends at
    /// `peak / 250,000`.
    pub fn at(&self, progress: f64) -> f64 {
        let (peak, warm_up) = match *self {
            Self::Constant(rate) => return rate,
            Self::OneCycle { peak, warm_up } => (peak, warm_up),
        };
        let (first, last) = (peak / 25.0, peak / 250_000.0);
        let (from, to, share) = if progress < warm_up {
            (first, peak, progress / warm_up)
        } else {
            (peak, last, (progress - warm_up) / (1.0 - warm_up))
        };
        from + (to - from) * 0.5 * (1.0 - (std::f64::consts::PI * share.clamp(0.0, 1.0)).cos())
    }
}

/// The hyper-parameters of a run, whatever the objective.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Recipe {
    /// The kind and the hashes of its data. A checkpoint of another subject is refused.
    pub subject: String,
    /// Passes over the source.
    pub epochs: usize,
    /// Examples of one step.
    pub batch: usize,
    /// The learning rate of each optimizer, in the order of [`Gradients::by_optimizer`](super::Gradients::by_optimizer).
    pub rates: Vec<LearningRate>,
    /// Each parameter's gradient is clipped to this norm.
    pub clip: f32,
    /// The run ends after this many epochs without a better validation loss.
    pub early_stop_epochs: usize,
    /// Seed of the first weights, the order of examples and all noise.
    pub seed: u64,
}

impl Recipe {
    /// One optimizer, whose gradients are clipped to a norm of 50, and an end after five epochs without a better
    /// loss.
    pub fn new(subject: String, epochs: usize, batch: usize, rate: LearningRate, seed: u64) -> Self {
        Self { subject, epochs, batch, rates: vec![rate], clip: 50.0, early_stop_epochs: 5, seed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_once_and_falls_once() {
        let cycle = LearningRate::OneCycle { peak: 3e-3, warm_up: 0.25 };
        let rates: Vec<f64> = (0..=100).map(|k| cycle.at(f64::from(k) / 100.0)).collect();
        assert!((rates[0] - 1.2e-4).abs() < 1e-9 && (rates[25] - 3e-3).abs() < 1e-9 && rates[100] < 2e-8);
        assert!(rates[..26].is_sorted() && rates[25..].iter().rev().is_sorted());
        assert_eq!(LearningRate::Constant(1e-3).at(0.7), 1e-3);
    }
}

//! The learning rate over a run: one cycle (Smith & Topin 2017), up quickly and down along a cosine.

/// A learning rate that rises to its peak and falls to nearly nothing.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct OneCycle {
    /// The highest learning rate.
    pub(crate) peak: f64,
    /// Which share of the run the rise takes, in 0..1.
    pub(crate) warm_up: f64,
}

impl OneCycle {
    /// The rate where `done` (0..=1) of the run lies behind: `peak / 25` at first, `peak / 250,000` at
    /// last.
    pub(crate) fn rate(&self, done: f64) -> f64 {
        let (first, last) = (self.peak / 25.0, self.peak / 250_000.0);
        let (from, to, way) = if done < self.warm_up {
            (first, self.peak, done / self.warm_up)
        } else {
            (self.peak, last, (done - self.warm_up) / (1.0 - self.warm_up))
        };
        from + (to - from) * 0.5 * (1.0 - (std::f64::consts::PI * way.clamp(0.0, 1.0)).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_once_and_falls_once() {
        let cycle = OneCycle { peak: 3e-3, warm_up: 0.25 };
        let rates: Vec<f64> = (0..=100).map(|k| cycle.rate(f64::from(k) / 100.0)).collect();
        assert!((rates[0] - 1.2e-4).abs() < 1e-9 && (rates[25] - 3e-3).abs() < 1e-9 && rates[100] < 2e-8);
        assert!(rates[..26].is_sorted() && rates[25..].iter().rev().is_sorted());
    }
}

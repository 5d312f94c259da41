//! What the plugin costs a computer, measured in the release from outside: time from a moved puck to the
//! published bank, memory, loading, CPU at rest, and a block. [`live`] plays and
//! [`criterion`] reads what the benchmarks measured.

pub mod criterion;
mod ear;
pub mod live;
mod saved_bank;
pub mod system;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The figure; none where it was not measured.
    pub value: Option<f64>,
    /// How far the measurements spread, from low to high, in the same unit.
    pub spread: Option<(f64, f64)>,
    /// ns, us, ms, MB, %.
    pub unit: &'static str,
    /// What it must not exceed.
    pub must: Option<f64>,
    /// What it should not exceed.
    pub aim: Option<f64>,
}

/// How a figure stands to its floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within what it must be, or nothing is asked of it.
    Holds,
    /// Over it by so little that another run may say otherwise.
    Close,
    /// Over it by more than a fifth.
    Missed,
    /// Nobody measured it.
    Unmeasured,
}

impl Figure {
    /// A figure of which nothing is asked.
    pub fn new(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { what: what.into(), value: Some(value), spread: None, unit, must: None, aim: None }
    }

    /// The same with its spread.
    pub fn spread(self, low: f64, high: f64) -> Self {
        Self { spread: Some((low, high)), ..self }
    }

    /// The same with what it must not exceed.
    pub fn must(self, must: f64) -> Self {
        Self { must: Some(must), ..self }
    }

    /// The same with what it should not exceed.
    pub fn aim(self, aim: f64) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// How it stands to what it must be.
    pub fn verdict(&self) -> Verdict {
        match (self.value, self.must) {
            (None, _) => Verdict::Unmeasured,
            (Some(value), Some(must)) if value > 1.2 * must => Verdict::Missed,
            (Some(value), Some(must)) if value > must => Verdict::Close,
            _ => Verdict::Holds,
        }
    }
}

/// The value below which this share (0..=1) of `values` lies; 0 of none.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_misses_only_by_more_than_a_fifth() {
        let check = |value: f64, verdict| {
            assert_eq!(Figure::new("a block", "ns", value).must(100.0).verdict(), verdict, "{value}");
        };
        check(100.0, Verdict::Holds);
        check(110.0, Verdict::Close);
        check(121.0, Verdict::Missed);
        assert_eq!(Figure::new("a block", "ns", 1e9).verdict(), Verdict::Holds);
    }

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.5), 50.0);
        assert_eq!(quantile(&mut values, 0.99), 99.0);
        assert_eq!(quantile(&mut [], 0.5), 0.0);
    }
}

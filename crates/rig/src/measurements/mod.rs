//! What the plugin costs, measured on the release from outside: time from a moved puck to the published bank,
//! memory, loading, CPU at rest, and a block. [`live`] measures running instances; [`criterion_rows`] reads
//! what the benchmarks left on disk.

pub mod live;
mod puck;

use serde::Deserialize;
use std::path::Path;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// What was measured.
    pub what: String,
    /// The value; none where it was not measured.
    pub value: Option<f64>,
    /// The spread of the values, from low to high, in the same unit.
    pub spread: Option<(f64, f64)>,
    /// ns, us, ms, MB, %.
    pub unit: &'static str,
    /// What it must not exceed.
    pub must: Option<f64>,
    /// What it should not exceed.
    pub aim: Option<f64>,
}

/// A measurement compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within its limit, or without one.
    Holds,
    /// Over it by at most a fifth, which may be noise.
    Close,
    /// Over it by more than a fifth.
    Missed,
    /// Not measured.
    Unmeasured,
}

impl Measurement {
    /// A measurement without a limit.
    pub fn new(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { what: what.into(), value: Some(value), spread: None, unit, must: None, aim: None }
    }

    /// One that not every system has.
    pub fn measured(what: impl Into<String>, unit: &'static str, value: Option<f64>) -> Self {
        Self { value, ..Self::new(what, unit, 0.0) }
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

    /// The comparison with the limit.
    pub fn verdict(&self) -> Verdict {
        match (self.value, self.must) {
            (None, _) => Verdict::Unmeasured,
            (Some(value), Some(must)) if value > 1.2 * must => Verdict::Missed,
            (Some(value), Some(must)) if value > must => Verdict::Close,
            _ => Verdict::Holds,
        }
    }
}

/// The quantile `share` (0..=1) of `values`; 0 of none.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
}

/// One sample's iterations and the time that they took, in nanoseconds.
#[derive(Deserialize)]
struct Samples {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Lower decile, minimum and median of the time of one iteration in nanoseconds, over all samples of the
/// benchmark that criterion keeps in `folder` (`group/name`); none where it has not run. The lower decile is the
/// cost of the code: on a busy machine most samples are interrupted.
fn nanoseconds(folder: &Path, benchmark: &str) -> Option<[f64; 3]> {
    let file = folder.join(benchmark).join("new").join("sample.json");
    let samples: Samples = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let mut each: Vec<f64> = samples.times.iter().zip(&samples.iters).map(|(time, n)| time / n).collect();
    (!each.is_empty()).then(|| [0.1, 0.0, 0.5].map(|share| quantile(&mut each, share)))
}

/// The row of one benchmark in `unit`; a nanosecond has `per_nanosecond` of it.
fn row(folder: &Path, benchmark: &str, what: &str, unit: &'static str, per_nanosecond: f64) -> Measurement {
    let unmeasured = Measurement { value: None, ..Measurement::new(what, unit, 0.0) };
    nanoseconds(folder, benchmark).map_or(unmeasured, |[decile, low, high]| {
        Measurement::new(what, unit, decile * per_nanosecond)
            .spread(low * per_nanosecond, high * per_nanosecond)
    })
}

/// The duration of a block of `frames` samples at 48 kHz, in nanoseconds.
fn block_duration(frames: u32) -> f64 {
    f64::from(frames) / 48_000.0 * 1e9
}

/// All rows that come from criterion.
pub fn criterion_rows(folder: &Path) -> Vec<Measurement> {
    let mut rows = Vec::new();
    for (group, what) in [
        ("idle", "stopped"),
        ("a rock beat", "a rock beat"),
        ("every cell on", "every cell on"),
        ("every cell on, early and late", "every cell on, early and late"),
    ] {
        for frames in [64, 256, 1024] {
            let what = format!("sequencer, {frames} samples, {what}");
            let row = row(folder, &format!("{group}/{frames}"), &what, "ns", 1.0);
            rows.push(row.must(block_duration(frames) / 2000.0));
        }
    }
    let kit = "kit_all drums in a roll that no hand plays";
    rows.push(
        row(folder, kit, "built-in kit, 64 samples, all voices", "ns", 1.0).must(block_duration(64) / 100.0),
    );
    rows.push(row(folder, "crossing/publish and read", "a bank, from published to read", "ns", 1.0));
    for temperature in ["0", "0.4", "1"] {
        let benchmark = format!("built in_ a bank at temperature {temperature}");
        let what = format!("a bank (decode and 8 takes), temperature {temperature}");
        rows.push(row(folder, &benchmark, &what, "ms", 1e-6).must(2.0).aim(0.3));
    }
    for what in ["a bank that is a phrase", "a bank that is carried on"] {
        rows.push(row(folder, &format!("built in_ {what}"), what, "ms", 1e-6).must(100.0));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_misses_only_by_more_than_a_fifth() {
        let check = |value: f64, verdict| {
            assert_eq!(Measurement::new("a block", "ns", value).must(100.0).verdict(), verdict, "{value}");
        };
        check(100.0, Verdict::Holds);
        check(110.0, Verdict::Close);
        check(121.0, Verdict::Missed);
        assert_eq!(Measurement::new("a block", "ns", 1e9).verdict(), Verdict::Holds);
    }

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.5), 50.0);
        assert_eq!(quantile(&mut values, 0.99), 99.0);
        assert_eq!(quantile(&mut [], 0.5), 0.0);
    }

    #[test]
    fn the_lower_decile_is_the_value_and_what_did_not_run_is_unmeasured() {
        let folder = tempfile::tempdir().expect("a folder");
        let new = folder.path().join("idle").join("64").join("new");
        std::fs::create_dir_all(&new).expect("folders");
        let samples = r#"{"sampling_mode":"Linear","iters":[10,20,10],"times":[100,400,9000]}"#;
        std::fs::write(new.join("sample.json"), samples).expect("a file");
        let rows = criterion_rows(folder.path());
        assert_eq!((rows[0].value, rows[0].spread), (Some(10.0), Some((10.0, 20.0))));
        assert_eq!(rows[1].value, None);
    }
}

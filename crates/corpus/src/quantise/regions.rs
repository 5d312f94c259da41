//! Regions: runs of bars under one time signature.

use crate::grid::Metre;
use crate::midi::TimeSignature;

/// How far a change of signature may lie off a bar line, in sixteenths, and still be on it.
const ON_BAR_LINE: f64 = 0.01;
/// Hits so shortly before a change of signature belong to the downbeat behind it, in sixteenths.
const EARLY: f64 = 0.5;

/// A run of bars under one signature, in sixteenths from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region {
    pub(super) start: f64,
    /// Infinite for the last one.
    pub(super) end: f64,
    pub(super) metre: Metre,
}

impl Region {
    /// Where the hits of the next region begin.
    pub(super) fn hits_end(&self) -> f64 {
        self.end - EARLY
    }
}

/// The regions from 0 to infinity. A repeated signature changes nothing: bars are counted from where the metre
/// changed. Neither does one that is counted as the metre before it, on a bar line (2/2 after 4/4). Impossible
/// signatures are ignored.
pub(super) fn regions(signatures: &[TimeSignature]) -> Vec<Region> {
    let mut current = Metre::FOUR_FOUR;
    let mut regions = Vec::with_capacity(signatures.len() + 1);
    let mut region = Region { start: 0.0, end: f64::INFINITY, metre: current };
    for signature in signatures {
        let Some(metre) = Metre::new(signature.beats, signature.unit_log2) else { continue };
        if metre == current {
            continue;
        }
        current = metre;
        if !goes_on(&region, metre, signature.step) {
            regions.push(Region { end: signature.step, ..region });
            region = Region { start: signature.step, end: f64::INFINITY, metre };
        }
    }
    regions.push(region);
    regions
}

/// Whether a change to `metre` at `step` leaves the bar lines of patterns where they are.
fn goes_on(region: &Region, metre: Metre, step: f64) -> bool {
    let counted = metre.counted();
    let bar = counted.quarters() * 4.0;
    let bars = (step - region.start) / bar;
    counted == region.metre.counted() && (bars - bars.round()).abs() * bar <= ON_BAR_LINE && bars >= 0.5
}

//! Dice without state: the same throw for the same question, whatever was asked before.
//!
//! Everything that chance decides in a take comes from here, so that a take depends on nothing but the
//! settings, and a cell keeps its dice while the puck or the temperature moves.

/// What a die decides. Different streams of one cell are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// Whether the cell is redrawn at all.
    Redraw = 0,
    /// What the redrawn cell becomes.
    Onset = 1,
    /// How hard the cell is hit.
    Velocity = 2,
    /// Where a latent is drawn from.
    Latent = 3,
    /// What a bar of a phrase does.
    Plan = 4,
    /// What a step of a phrase becomes.
    Written = 5,
    /// What a step of a song becomes.
    Step = 6,
}

/// The dice of one take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dice {
    /// The musician's seed.
    pub seed: u64,
    /// Which take is thrown for.
    pub take: u32,
}

impl Dice {
    /// The throw for `cell` in `stream`: uniform in 0..1, in steps of 2^-24.
    ///
    /// Seed, take, cell and stream are mixed one after another by the finalizer of SplitMix64 (Steele,
    /// Lea & Flood, OOPSLA 2014), which is a bijection: two questions of one seed and take never share
    /// a number by construction.
    pub fn throw(&self, cell: usize, stream: Stream) -> f32 {
        let take = mix(mix(self.seed) ^ u64::from(self.take));
        let bits = mix(take ^ (cell as u64) << 8 ^ stream as u64);
        (bits >> 40) as f32 / (1_u64 << 24) as f32
    }
}

/// One round of SplitMix64.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throws of many cells and takes, all of one stream.
    fn throws(seed: u64, stream: Stream) -> Vec<f32> {
        let cells = |take| (0..448).map(move |cell| Dice { seed, take }.throw(cell, stream));
        (0..50).flat_map(cells).collect()
    }

    #[test]
    fn dice_are_fair_and_know_no_neighbours() {
        let throws = throws(4711, Stream::Onset);
        let count = throws.len() as f32;
        assert!(throws.iter().all(|throw| (0.0..1.0).contains(throw)));
        // Bounds are five standard errors of a fair die.
        let mean = throws.iter().sum::<f32>() / count;
        assert!((mean - 0.5).abs() < 5.0 * (1.0 / 12.0 / count).sqrt(), "mean {mean}");
        for lag in [1, 14, 224, 448] {
            let pairs = throws.iter().zip(&throws[lag..]);
            let covariance = pairs.map(|(a, b)| (a - 0.5) * (b - 0.5)).sum::<f32>() / count;
            assert!(covariance.abs() < 5.0 / 12.0 / count.sqrt(), "lag {lag}: {covariance}");
        }
    }

    #[test]
    fn seed_take_cell_and_stream_each_change_the_throw() {
        let throw = |seed, take, cell, stream| Dice { seed, take }.throw(cell, stream);
        let first = throw(1, 2, 3, Stream::Redraw);
        assert_eq!(first, throw(1, 2, 3, Stream::Redraw));
        assert_ne!(first, throw(2, 2, 3, Stream::Redraw));
        assert_ne!(first, throw(1, 3, 3, Stream::Redraw));
        assert_ne!(first, throw(1, 2, 4, Stream::Redraw));
        assert_ne!(first, throw(1, 2, 3, Stream::Onset));
    }
}

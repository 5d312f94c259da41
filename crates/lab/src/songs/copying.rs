//! The copier: what any model of time has to beat. It plays what stood two bars ago.

use beat::STEPS;

/// How often what stood 32 steps ago stands there again, counted over the classes of some songs, and how
/// sure of it one may be: the perplexity of the guess that gives it just this much, and shares the rest
/// by how often each class occurs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Copying {
    /// Share of steps that are as 32 steps ago.
    pub(crate) accuracy: f64,
    /// Of the step that is guessed so.
    pub(crate) perplexity: f64,
}

/// Counts the copier over the steps of `songs` from the 33rd on.
pub(crate) fn copying(songs: &[Vec<u16>]) -> Copying {
    let mut classes = [1.0_f64; beat::CLASSES];
    let (mut same, mut all) = (0_u64, 0_u64);
    for pairs in songs.iter().flat_map(|song| song.iter().zip(song.iter().skip(STEPS))) {
        classes[usize::from(*pairs.1) % beat::CLASSES] += 1.0;
        same += u64::from(pairs.0 == pairs.1);
        all += 1;
    }
    let accuracy = same as f64 / all.max(1) as f64;
    let total: f64 = classes.iter().sum();
    let mut nats = 0.0;
    for (before, now) in songs.iter().flat_map(|song| song.iter().zip(song.iter().skip(STEPS))) {
        let chance = if before == now {
            accuracy
        } else {
            let [before, now] = [before, now].map(|class| classes[usize::from(*class) % beat::CLASSES]);
            (1.0 - accuracy) * now / (total - before)
        };
        nats -= chance.max(f64::MIN_POSITIVE).ln();
    }
    Copying { accuracy, perplexity: (nats / all.max(1) as f64).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_of_two_bars_is_copied_without_a_doubt_and_noise_is_not() {
        let looped: Vec<u16> = (0..320).map(|step| step % 32).collect();
        let Copying { accuracy, perplexity } = copying(&[looped]);
        assert!((accuracy - 1.0).abs() < 1e-12 && (perplexity - 1.0).abs() < 1e-9);
        let changing: Vec<u16> = (0..320_u32).map(|step| (step * step % 509) as u16).collect();
        let Copying { accuracy, perplexity } = copying(&[changing]);
        assert!(accuracy < 0.05 && perplexity > 50.0, "{accuracy} {perplexity}");
    }
}

//! How well a next-step model predicts held-out songs, beside the baseline of copying the step two bars ago.

use nets::TWO_BARS;
use nets::{GenerationState, NextStepModel};
use rayon::prelude::*;
use serde::Serialize;

/// Figures over all steps of the held-out songs from the 33rd on.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StepFigures {
    /// Songs that were measured.
    pub songs: usize,
    /// Steps that were measured.
    pub steps: usize,
    /// Share of steps whose most probable class is the true one.
    pub accuracy: f64,
    /// The same among the steps that differ from 32 steps ago.
    pub accuracy_changed: f64,
    /// The exponential of the mean cross-entropy of a step.
    pub perplexity: f64,
    /// Share of steps that are silent.
    pub silence: f64,
    /// Share of steps that equal the step 32 steps ago.
    pub copying: f64,
    /// The perplexity of predicting a copy with just that probability.
    pub copying_perplexity: f64,
}

/// Sums over some steps.
#[derive(Clone, Copy, Default)]
struct Sums {
    steps: usize,
    right: usize,
    changed: usize,
    changed_right: usize,
    silent: usize,
    nats: f64,
}

impl Sums {
    fn of(mut state: Box<dyn GenerationState + '_>, song: &[u16]) -> Self {
        let mut sums = Self::default();
        for (now, class) in song.iter().enumerate() {
            if now >= TWO_BARS {
                sums.count(&state.logits(), song, now);
            }
            state.push(*class);
        }
        sums
    }

    /// Counts the step `now` of `song`, for which the model gave `logits`.
    fn count(&mut self, logits: &[f32], song: &[u16], now: usize) {
        let truth = usize::from(song[now]) % logits.len();
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
        let right = logits[truth] >= highest;
        let changed = song[now] != song[now - TWO_BARS];
        self.steps += 1;
        self.nats += sum.ln() - f64::from(logits[truth] - highest);
        self.right += usize::from(right);
        self.changed += usize::from(changed);
        self.changed_right += usize::from(changed && right);
        self.silent += usize::from(song[now] == 0);
    }

    fn and(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            right: self.right + other.right,
            changed: self.changed + other.changed,
            changed_right: self.changed_right + other.changed_right,
            silent: self.silent + other.silent,
            nats: self.nats + other.nats,
        }
    }
}

/// Measures `model` on `songs`.
pub fn step_figures(model: &dyn NextStepModel, songs: &[Vec<u16>]) -> StepFigures {
    // Added up in the order of the songs, so that the same songs give the same figures to the last digit.
    let each: Vec<Sums> = songs.par_iter().map(|song| Sums::of(model.start(), song)).collect();
    let sums = each.into_iter().fold(Sums::default(), Sums::and);
    let copied = copying(songs);
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    StepFigures {
        songs: songs.len(),
        steps: sums.steps,
        accuracy: share(sums.right, sums.steps),
        accuracy_changed: share(sums.changed_right, sums.changed),
        perplexity: (sums.nats / sums.steps.max(1) as f64).exp(),
        silence: share(sums.silent, sums.steps),
        copying: copied.accuracy,
        copying_perplexity: copied.perplexity,
    }
}

/// The baseline that predicts the step 32 steps ago: its accuracy, and its perplexity where it gives that step
/// just this probability and distributes the rest by how often each class occurs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Copying {
    /// Share of steps that equal the step 32 steps ago.
    accuracy: f64,
    /// Perplexity of the prediction.
    perplexity: f64,
}

/// Measures the baseline over the steps of `songs` from the 33rd on.
fn copying(songs: &[Vec<u16>]) -> Copying {
    let mut classes = [1.0_f64; beat::CLASSES];
    let (mut same, mut all) = (0_u64, 0_u64);
    for pairs in songs.iter().flat_map(|song| song.iter().zip(song.iter().skip(TWO_BARS))) {
        classes[usize::from(*pairs.1) % beat::CLASSES] += 1.0;
        same += u64::from(pairs.0 == pairs.1);
        all += 1;
    }
    let accuracy = same as f64 / all.max(1) as f64;
    let total: f64 = classes.iter().sum();
    let mut nats = 0.0;
    for (before, now) in songs.iter().flat_map(|song| song.iter().zip(song.iter().skip(TWO_BARS))) {
        let probability = if before == now {
            accuracy
        } else {
            let [before, now] = [before, now].map(|class| classes[usize::from(*class) % beat::CLASSES]);
            (1.0 - accuracy) * now / (total - before)
        };
        nats -= probability.max(f64::MIN_POSITIVE).ln();
    }
    Copying { accuracy, perplexity: (nats / all.max(1) as f64).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_of_two_bars_is_copied_with_certainty_and_noise_is_not() {
        let looped: Vec<u16> = (0..320).map(|step| step % 32).collect();
        let Copying { accuracy, perplexity } = copying(&[looped]);
        assert!((accuracy - 1.0).abs() < 1e-12 && (perplexity - 1.0).abs() < 1e-9);
        let changing: Vec<u16> = (0..320_u32).map(|step| (step * step % 509) as u16).collect();
        let Copying { accuracy, perplexity } = copying(&[changing]);
        assert!(accuracy < 0.05 && perplexity > 50.0, "{accuracy} {perplexity}");
    }
}

//! One of several, by their logits and a throw of the dice.

/// The index that `throw` (0..1) picks where index `i` is `exp(logits[i] / temperature)` times as likely
/// as where the exponent is 0. At temperature 0, or below, it is the first of the highest logits. What is
/// minus infinity is never picked, unless all is; no logits at all give 0.
pub fn pick(logits: &[f32], temperature: f32, throw: f32) -> usize {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if temperature > 0.0 && highest.is_finite() {
        let weight = |logit: &f32| ((logit - highest) / temperature).exp();
        let mut left = throw * logits.iter().map(weight).sum::<f32>();
        for (index, logit) in logits.iter().enumerate() {
            left -= weight(logit);
            if left < 0.0 {
                return index;
            }
        }
    }
    logits.iter().position(|logit| *logit == highest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_follows_its_odds_and_never_takes_what_cannot_be() {
        let logits = [0.0, 2.0_f32.ln(), f32::NEG_INFINITY, 0.0];
        let mut counts = [0; 4];
        (0..4000).for_each(|k| counts[pick(&logits, 1.0, k as f32 / 4000.0)] += 1);
        assert_eq!(counts, [1000, 2000, 0, 1000]);
        assert_eq!([pick(&logits, 0.0, 0.9), pick(&logits, 1.0, 1.0), pick(&[], 1.0, 0.5)], [1, 1, 0]);
    }
}

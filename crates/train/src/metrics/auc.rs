//! The area under the ROC curve: how well a score separates two groups.

/// The probability that a random one of `high` scores above a random one of `low`, ties counted half: 0.5
/// is chance, 1 perfect. 0.5 where a group is empty.
pub(crate) fn auc(high: &[f32], low: &[f32]) -> f64 {
    if high.is_empty() || low.is_empty() {
        return 0.5;
    }
    let mut all: Vec<(f32, bool)> = high.iter().map(|score| (*score, true)).collect();
    all.extend(low.iter().map(|score| (*score, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let highs = tied.iter().filter(|(_, is_high)| *is_high).count() as f64;
        let lows = tied.len() as f64 - highs;
        won += highs * (below + 0.5 * lows);
        below += lows;
    }
    won / (high.len() as f64 * low.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_without_information_gives_one_half() {
        assert_eq!(auc(&[1.0, 1.0], &[1.0, 1.0, 1.0]), 0.5);
        assert_eq!(auc(&[2.0, 3.0], &[0.0, 1.0]), 1.0);
        assert_eq!(auc(&[0.0, 3.0], &[1.0, 2.0]), 0.5);
        assert_eq!(auc(&[], &[1.0]), 0.5);
    }
}

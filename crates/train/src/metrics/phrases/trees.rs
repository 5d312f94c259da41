//! Gradient boosting of small regression trees (Friedman 2001) with Newton steps, on values sorted into histogram
//! bins. Written here, since the next version of a library may grow other trees: then the critic's figures could no
//! longer be compared.

use rayon::prelude::*;

/// Trees of a forest.
const TREES: usize = 120;
/// Depth of a tree.
const DEPTH: usize = 4;
/// Learning rate (shrinkage).
const LEARNING_RATE: f32 = 0.1;
/// The most bins of a feature.
const BINS: usize = 32;
/// The least sum of second derivatives in a leaf.
const MIN_CHILD_WEIGHT: f32 = 2.0;
/// L2 regularisation of leaf values.
const L2: f32 = 1.0;

/// Boosted trees for binary classification. Their sum is the logit of the positive class.
#[derive(Clone, Debug)]
pub(crate) struct Forest {
    /// The upper bounds of each feature's bins but the last.
    bounds: Vec<Vec<f32>>,
    start: f32,
    trees: Vec<Tree>,
}

/// The splits of a complete tree in heap order (the children of node n are 2n + 1 and 2n + 2), and its leaves.
#[derive(Clone, Debug)]
struct Tree {
    splits: Vec<Split>,
    leaves: Vec<f32>,
}

/// A row goes right where its bin of `feature` is above `bin`.
#[derive(Clone, Copy, Debug)]
struct Split {
    feature: usize,
    bin: u8,
}

/// No value is above this bin, so that every row goes left.
const NO_SPLIT: Split = Split { feature: 0, bin: u8::MAX };

impl Forest {
    /// Trains on rows of the same number of finite values, each with its label.
    pub(crate) fn grow(rows: &[Vec<f32>], labels: &[bool]) -> Self {
        let features = rows.first().map_or(0, Vec::len);
        let bounds: Vec<Vec<f32>> = (0..features)
            .into_par_iter()
            .map(|feature| bounds(rows.iter().map(|row| row[feature])))
            .collect();
        // Stored by feature, since each histogram reads one feature of all rows.
        let bins: Vec<Vec<u8>> = (0..features)
            .into_par_iter()
            .map(|feature| rows.iter().map(|row| bin(&bounds[feature], row[feature])).collect())
            .collect();
        let positive = labels.iter().filter(|label| **label).count() as f32 + 0.5;
        let start = (positive / (labels.len() as f32 + 1.0 - positive)).ln();
        let mut logits = vec![start; rows.len()];
        let mut trees = Vec::new();
        for _ in 0..TREES {
            let gradients: Vec<LogitGradient> =
                logits.iter().zip(labels).map(|(logit, label)| logit_gradient(*logit, *label)).collect();
            let (tree, leaf) = Tree::grow(&bins, &gradients);
            logits.iter_mut().zip(&leaf).for_each(|(logit, leaf)| *logit += tree.leaves[*leaf]);
            trees.push(tree);
        }
        Self { bounds, start, trees }
    }

    /// The logit of the positive class.
    pub(crate) fn logit(&self, row: &[f32]) -> f32 {
        let bins: Vec<u8> = row.iter().zip(&self.bounds).map(|(value, bounds)| bin(bounds, *value)).collect();
        self.start + self.trees.iter().map(|tree| tree.value(&bins)).sum::<f32>()
    }
}

/// First and second derivative of the loss with respect to the logit.
#[derive(Clone, Copy, Debug, Default)]
struct LogitGradient {
    first: f32,
    second: f32,
}

fn logit_gradient(logit: f32, label: bool) -> LogitGradient {
    let probability = 1.0 / (1.0 + (-logit).exp());
    LogitGradient {
        first: probability - f32::from(u8::from(label)),
        second: (probability * (1.0 - probability)).max(1e-6),
    }
}

impl LogitGradient {
    fn add(&mut self, other: Self) {
        self.first += other.first;
        self.second += other.second;
    }

    fn without(self, other: Self) -> Self {
        Self { first: self.first - other.first, second: self.second - other.second }
    }

    /// Twice the decrease of the loss by a leaf of these rows.
    fn gain(self) -> f32 {
        self.first * self.first / (self.second + L2)
    }

    /// The value of a leaf of these rows.
    fn leaf_value(self) -> f32 {
        -LEARNING_RATE * self.first / (self.second + L2)
    }
}

impl Tree {
    /// A tree, and the leaf of every row.
    fn grow(bins: &[Vec<u8>], gradients: &[LogitGradient]) -> (Self, Vec<usize>) {
        let mut node = vec![0; gradients.len()];
        let mut splits = Vec::new();
        for level in 0..DEPTH {
            let level_splits = best_splits(bins, gradients, &node, 1 << level);
            for (row, node) in node.iter_mut().enumerate() {
                let split = level_splits[*node];
                let right = bins.get(split.feature).is_some_and(|bins| bins[row] > split.bin);
                *node = 2 * *node + usize::from(right);
            }
            splits.extend(level_splits);
        }
        let mut sums = vec![LogitGradient::default(); 1 << DEPTH];
        node.iter().zip(gradients).for_each(|(leaf, gradient)| sums[*leaf].add(*gradient));
        (Self { splits, leaves: sums.into_iter().map(LogitGradient::leaf_value).collect() }, node)
    }

    /// The value of the leaf of a row.
    fn value(&self, bins: &[u8]) -> f32 {
        let mut node = 0;
        for level in 0..DEPTH {
            let Split { feature, bin } = self.splits[(1 << level) - 1 + node];
            node = 2 * node + usize::from(bins.get(feature).is_some_and(|of| *of > bin));
        }
        self.leaves[node]
    }
}

/// The split of each node that lowers the loss most; of equals the first feature's.
fn best_splits(bins: &[Vec<u8>], gradients: &[LogitGradient], node: &[usize], nodes: usize) -> Vec<Split> {
    let each: Vec<Vec<(f32, Split)>> = bins
        .par_iter()
        .enumerate()
        .map(|(feature, bins)| {
            let mut sums = vec![LogitGradient::default(); nodes * BINS];
            for ((bin, gradient), node) in bins.iter().zip(gradients).zip(node) {
                sums[node * BINS + usize::from(*bin)].add(*gradient);
            }
            sums.chunks_exact(BINS).map(|sums| best_split(feature, sums)).collect()
        })
        .collect();
    let better = |best: (f32, Split), other: (f32, Split)| if other.0 > best.0 { other } else { best };
    (0..nodes).map(|n| each.iter().map(|of| of[n]).fold((1e-4, NO_SPLIT), better).1).collect()
}

/// The best split of a node by one feature, and its gain.
fn best_split(feature: usize, sums: &[LogitGradient]) -> (f32, Split) {
    let mut all = LogitGradient::default();
    sums.iter().for_each(|sum| all.add(*sum));
    let (mut left, mut best) = (LogitGradient::default(), (0.0, NO_SPLIT));
    for (bin, sum) in sums.iter().enumerate().take(BINS - 1) {
        left.add(*sum);
        let right = all.without(left);
        let gain = left.gain() + right.gain() - all.gain();
        if left.second >= MIN_CHILD_WEIGHT && right.second >= MIN_CHILD_WEIGHT && gain > best.0 {
            best = (gain, Split { feature, bin: bin as u8 });
        }
    }
    best
}

/// Bounds of bins with the same number of values each, as far as equal values allow.
fn bounds(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_by(f32::total_cmp);
    let mut different = sorted.clone();
    different.dedup();
    different.pop(); // nothing lies above the highest
    if different.len() < BINS {
        return different;
    }
    let mut bounds: Vec<f32> = (1..BINS).map(|bin| sorted[bin * sorted.len() / BINS]).collect();
    bounds.dedup();
    bounds
}

/// The bin of a value: the number of bounds below it.
fn bin(bounds: &[f32], value: f32) -> u8 {
    bounds.partition_point(|bound| *bound < value) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, TrainingRng};

    fn rows(count: usize, stream: u64) -> Vec<Vec<f32>> {
        let mut rng = TrainingRng::new(3, Purpose::Control, stream);
        (0..count).map(|_| (0..5).map(|_| rng.unit()).collect()).collect()
    }

    #[test]
    fn trees_learn_a_rule_of_two_features_and_generalise_to_new_rows() {
        let rule = |row: &Vec<f32>| (row[1] > 0.5) != (row[3] > 0.3);
        let [training, new] = [1, 2].map(|stream| rows(400, stream));
        let forest = Forest::grow(&training, &training.iter().map(rule).collect::<Vec<_>>());
        let right = new.iter().filter(|row| (forest.logit(row) > 0.0) == rule(row)).count();
        assert!(right > 370, "{right} of 400");
        assert_eq!(
            forest.logit(&new[0]),
            Forest::grow(&training, &training.iter().map(rule).collect::<Vec<_>>()).logit(&new[0])
        );
    }

    #[test]
    fn without_rows_or_information_the_logit_is_finite() {
        assert!(Forest::grow(&[], &[]).logit(&[]).is_finite());
        let alike = vec![vec![1.0, 2.0]; 20];
        let labels: Vec<bool> = (0..20).map(|row| row % 2 == 0).collect();
        assert!(Forest::grow(&alike, &labels).logit(&alike[0]).abs() < 1e-3);
    }
}

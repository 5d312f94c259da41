//! Gradient boosting: small trees, each grown on what those before it got wrong (Friedman 2001), on values
//! sorted into bins. Sizes never change, or the critic's figures could not be compared; that is also why it
//! is here and not a library's, whose next version may grow other trees.

use rayon::prelude::*;

/// Trees of a forest.
const TREES: usize = 120;
/// Questions from a tree's root to its leaves.
const DEPTH: usize = 4;
/// What a tree adds is shortened by this.
const RATE: f32 = 0.1;
/// Values of a feature are told apart by at most so many bins.
const BINS: usize = 32;
/// A leaf has at least so much of the second derivative, or its answer is probability.
const LEAST: f32 = 2.0;
/// Draws a leaf's answer towards nothing.
const RIDGE: f32 = 1.0;

/// Trees that have learnt to answer yes or no. Their sum is the logit of yes.
#[derive(Clone, Debug)]
pub(crate) struct Forest {
    /// The upper bounds of each feature's bins but the last.
    bounds: Vec<Vec<f32>>,
    start: f32,
    trees: Vec<Tree>,
}

/// The questions of a tree in the order of a heap, then its leaves.
#[derive(Clone, Debug)]
struct Tree {
    questions: Vec<Question>,
    leaves: Vec<f32>,
}

/// Whether a feature lies above a bin; then the way goes right.
#[derive(Clone, Copy, Debug)]
struct Question {
    feature: usize,
    bin: u8,
}

/// No value lies above this bin, so that every way goes left.
const NO_QUESTION: Question = Question { feature: 0, bin: u8::MAX };

impl Forest {
    /// Learns from rows of equally many finite values, each with its answer.
    pub(crate) fn grow(rows: &[Vec<f32>], answers: &[bool]) -> Self {
        let features = rows.first().map_or(0, Vec::len);
        let bounds: Vec<Vec<f32>> = (0..features)
            .into_par_iter()
            .map(|feature| bounds(rows.iter().map(|row| row[feature])))
            .collect();
        // Feature by feature, since a histogram reads one after the other.
        let bins: Vec<Vec<u8>> = (0..features)
            .into_par_iter()
            .map(|feature| rows.iter().map(|row| bin(&bounds[feature], row[feature])).collect())
            .collect();
        let yes = answers.iter().filter(|yes| **yes).count() as f32 + 0.5;
        let start = (yes / (answers.len() as f32 + 1.0 - yes)).ln();
        let mut logits = vec![start; rows.len()];
        let mut trees = Vec::new();
        for _ in 0..TREES {
            let gradients: Vec<LogitGradient> =
                logits.iter().zip(answers).map(|(logit, yes)| logit_gradient(*logit, *yes)).collect();
            let (tree, leaf) = Tree::grow(&bins, &gradients);
            logits.iter_mut().zip(&leaf).for_each(|(logit, leaf)| *logit += tree.leaves[*leaf]);
            trees.push(tree);
        }
        Self { bounds, start, trees }
    }

    /// The logit of yes.
    pub(crate) fn logit(&self, row: &[f32]) -> f32 {
        let bins: Vec<u8> = row.iter().zip(&self.bounds).map(|(value, bounds)| bin(bounds, *value)).collect();
        self.start + self.trees.iter().map(|tree| tree.answer(&bins)).sum::<f32>()
    }
}

/// First and second derivative of the loss by the logit.
#[derive(Clone, Copy, Debug, Default)]
struct LogitGradient {
    first: f32,
    second: f32,
}

fn logit_gradient(logit: f32, yes: bool) -> LogitGradient {
    let probability = 1.0 / (1.0 + (-logit).exp());
    LogitGradient {
        first: probability - f32::from(u8::from(yes)),
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

    /// How much a leaf of these rows lowers the loss, twice.
    fn gain(self) -> f32 {
        self.first * self.first / (self.second + RIDGE)
    }

    fn answer(self) -> f32 {
        -RATE * self.first / (self.second + RIDGE)
    }
}

impl Tree {
    /// A tree, and the leaf of every row.
    fn grow(bins: &[Vec<u8>], gradients: &[LogitGradient]) -> (Self, Vec<usize>) {
        let mut node = vec![0; gradients.len()];
        let mut questions = Vec::new();
        for level in 0..DEPTH {
            let splits = best_questions(bins, gradients, &node, 1 << level);
            for (row, node) in node.iter_mut().enumerate() {
                let question = splits[*node];
                let right = bins.get(question.feature).is_some_and(|bins| bins[row] > question.bin);
                *node = 2 * *node + usize::from(right);
            }
            questions.extend(splits);
        }
        let mut sums = vec![LogitGradient::default(); 1 << DEPTH];
        node.iter().zip(gradients).for_each(|(leaf, gradient)| sums[*leaf].add(*gradient));
        (Self { questions, leaves: sums.into_iter().map(LogitGradient::answer).collect() }, node)
    }

    fn answer(&self, bins: &[u8]) -> f32 {
        let mut node = 0;
        for level in 0..DEPTH {
            let Question { feature, bin } = self.questions[(1 << level) - 1 + node];
            node = 2 * node + usize::from(bins.get(feature).is_some_and(|of| *of > bin));
        }
        self.leaves[node]
    }
}

/// The question of each node that lowers the loss most; of equals the first feature's.
fn best_questions(
    bins: &[Vec<u8>],
    gradients: &[LogitGradient],
    node: &[usize],
    nodes: usize,
) -> Vec<Question> {
    let each: Vec<Vec<(f32, Question)>> = bins
        .par_iter()
        .enumerate()
        .map(|(feature, bins)| {
            let mut sums = vec![LogitGradient::default(); nodes * BINS];
            for ((bin, gradient), node) in bins.iter().zip(gradients).zip(node) {
                sums[node * BINS + usize::from(*bin)].add(*gradient);
            }
            sums.chunks_exact(BINS).map(|sums| best_cut(feature, sums)).collect()
        })
        .collect();
    let better = |best: (f32, Question), other: (f32, Question)| if other.0 > best.0 { other } else { best };
    (0..nodes).map(|n| each.iter().map(|of| of[n]).fold((1e-4, NO_QUESTION), better).1).collect()
}

/// The best bin to part a node's rows after, and what that gains.
fn best_cut(feature: usize, sums: &[LogitGradient]) -> (f32, Question) {
    let mut all = LogitGradient::default();
    sums.iter().for_each(|sum| all.add(*sum));
    let (mut left, mut best) = (LogitGradient::default(), (0.0, NO_QUESTION));
    for (bin, sum) in sums.iter().enumerate().take(BINS - 1) {
        left.add(*sum);
        let right = all.without(left);
        let gain = left.gain() + right.gain() - all.gain();
        if left.second >= LEAST && right.second >= LEAST && gain > best.0 {
            best = (gain, Question { feature, bin: bin as u8 });
        }
    }
    best
}

/// Bounds that part values into bins of equally many, as far as equal values allow.
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

/// How many bounds lie below the value.
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
    fn trees_learn_a_rule_of_two_features_and_know_it_on_new_rows() {
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
    fn nothing_to_learn_from_is_no_disaster() {
        assert!(Forest::grow(&[], &[]).logit(&[]).is_finite());
        let alike = vec![vec![1.0, 2.0]; 20];
        let answers: Vec<bool> = (0..20).map(|row| row % 2 == 0).collect();
        assert!(Forest::grow(&alike, &answers).logit(&alike[0]).abs() < 1e-3);
    }
}

//! Counts along while the tests run, and keeps what successful tests printed off the screen.

use std::collections::BTreeMap;

/// What the test programs reported so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Tests that passed.
    pub(super) passed: usize,
    /// Tests that failed.
    pub(super) failed: usize,
    /// What tests lacked that passed all the same (corpora, a display, a kernel that lets itself be
    /// watched), in their words, and how many said so.
    pub(super) lacking: BTreeMap<String, usize>,
    among_successes: bool,
}

/// What a test prints behind its subject where it lacks something to run on; `corpus tests: not run (3 in
/// crates/corpus)` is from `crates/corpus/tests/corpora.rs`.
const NOT_RUN: &str = ": not run";

impl Tally {
    /// Takes one line of a test program in; says whether to show it.
    pub(super) fn count(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
            self.among_successes = false;
        } else if line == "failures:" {
            self.among_successes = false;
        } else if line == "successes:" {
            self.among_successes = true;
        } else if self.among_successes
            && let Some((subject, _)) = line.split_once(NOT_RUN)
        {
            *self.lacking.entry(subject.to_owned()).or_default() += 1;
        }
        !self.among_successes
    }
}

/// The number in front of `word`: 12 for " passed" in "ok. 12 passed; 0 failed".
fn number_before(text: &str, word: &str) -> usize {
    let number = text.split(word).next().and_then(|before| before.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, expected: (usize, usize, usize), shown: usize) {
        let mut tally = Tally::default();
        let seen = lines.lines().filter(|line| tally.count(line)).count();
        let lacking = tally.lacking.values().sum();
        assert_eq!((tally.passed, tally.failed, lacking), expected, "{lines}");
        assert_eq!(seen, shown, "{lines}");
    }

    #[test]
    fn several_programs_add_up() {
        check(
            "test result: ok. 12 passed; 0 failed; 0 ignored; finished in 0.01s\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 0.01s",
            (15, 2, 0),
            2,
        );
    }

    #[test]
    fn what_successful_tests_say_is_counted_and_hidden() {
        check(
            "test groove ... ok\n\nsuccesses:\n\n---- groove stdout ----\n\
             corpus tests: not run (3 in crates/corpus); set BEATFIELD_CORPORA to the corpora\n\n\
             successes:\n    groove\n\ntest result: ok. 1 passed; 0 failed",
            (1, 0, 1),
            3,
        );
    }

    #[test]
    fn what_a_machine_lacks_is_told_apart() {
        let mut tally = Tally::default();
        for line in ["successes:", "real time: not run (1): why", "window tests: not run (no X)"] {
            tally.count(line);
        }
        let lacking: Vec<_> = tally.lacking.into_iter().collect();
        assert_eq!(lacking, [("real time".to_owned(), 1), ("window tests".to_owned(), 1)]);
    }

    #[test]
    fn what_failed_tests_say_is_shown() {
        check(
            "successes:\n    a\n\nfailures:\n\n---- b stdout ----\nwhy\n\ntest result: FAILED. 1 passed; 1 failed",
            (1, 1, 0),
            6,
        );
    }
}

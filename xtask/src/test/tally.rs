//! Counts along while the tests run, and keeps what successful tests printed off the screen.

/// What the test programs reported so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Tests that passed.
    pub(super) passed: usize,
    /// Tests that failed.
    pub(super) failed: usize,
    /// Tests that passed without the corpora that they would have liked to see.
    pub(super) without_corpora: usize,
    /// Tests that passed without having watched the audio thread.
    pub(super) unwatched: usize,
    among_successes: bool,
}

/// How a line begins that a test prints where it lacks the corpora; `crates/corpus/tests/corpora.rs` does.
const NOT_RUN: &str = "corpus tests: not run";
/// The same of a machine on which the audio thread cannot be watched; `tests/bundles/realtime.rs` prints it.
const NOT_WATCHED: &str = "real time: not run";

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
        } else if self.among_successes && line.starts_with(NOT_RUN) {
            self.without_corpora += 1;
        } else if self.among_successes && line.starts_with(NOT_WATCHED) {
            self.unwatched += 1;
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
        assert_eq!((tally.passed, tally.failed, tally.without_corpora), expected, "{lines}");
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
    fn a_machine_that_cannot_watch_is_counted() {
        let mut tally = Tally::default();
        assert!(!["successes:", "real time: not run (1): why"].iter().all(|line| tally.count(line)));
        assert_eq!((tally.unwatched, tally.without_corpora), (1, 0));
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

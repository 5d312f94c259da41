//! What the validators say in the end, read as two numbers.

/// Checks of one validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

/// The text without the colours that some write into files too.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// "44 tests run, 36 passed, 0 failed, 0 warnings, 8 skipped"
pub(super) fn of_clap_validator(said: &str) -> Option<Verdict> {
    let line = said.lines().rev().find(|line| line.contains(" tests run, "))?;
    Some(Verdict { passed: number_before(line, " passed")?, failed: number_before(line, " failed")? })
}

/// "Result: 47 tests passed, 0 tests failed"
pub(super) fn of_vst3_validator(said: &str) -> Option<Verdict> {
    let line = said.lines().rev().find(|line| line.starts_with("Result: "))?;
    let (passed, failed) = (" tests passed", " tests failed");
    Some(Verdict { passed: number_before(line, passed)?, failed: number_before(line, failed)? })
}

/// A line for each group of tests: "Completed tests in pluginval / Editor", or "FAILED!!  1 test failed,
/// ...".
pub(super) fn of_pluginval(said: &str) -> Option<Verdict> {
    let count = |beginning| said.lines().filter(|line| line.trim_start().starts_with(beginning)).count();
    Some(Verdict { passed: count("Completed tests in"), failed: count("FAILED!!") })
}

/// The number in front of `word`.
fn number_before(line: &str, word: &str) -> Option<usize> {
    line.split(word).next()?.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(verdict: Option<Verdict>, passed: usize, failed: usize) {
        assert_eq!(verdict, Some(Verdict { passed, failed }));
    }

    #[test]
    fn each_validator_is_understood() {
        let coloured =
            "log\n44 tests run, \u{1b}[1;32m36\u{1b}[0m passed, \u{1b}[1;31m2\u{1b}[0m failed, 8 skipped\n";
        check(of_clap_validator(&plain(coloured)), 36, 2);
        check(of_vst3_validator("----\nResult: 47 tests passed, 1 tests failed\n----\n"), 47, 1);
        let groups = "Completed tests in pluginval / Scan\nFAILED!!  1 test failed, out of a total of 3\n";
        check(of_pluginval(groups), 1, 1);
    }

    #[test]
    fn what_says_nothing_has_no_verdict() {
        assert_eq!(of_clap_validator("thread panicked"), None);
        assert_eq!(of_vst3_validator(""), None);
        assert_eq!(plain("a\u{1b}["), "a");
    }
}

use super::*;

/// A passage of bars by name: every letter stands for a bar that differs from the others in all steps.
fn passage(bars: &str) -> Passage {
    let bar = |letter: char| [u16::from(letter as u8 - b'A' + 1); STEPS_PER_BAR];
    Passage { steps: bars.chars().flat_map(bar).collect() }
}

/// The kept windows by the names of their bars.
fn kept(passages: &[Passage], keep: Keep) -> Vec<String> {
    let name = |step: u16| char::from(b'A' - 1 + step as u8);
    patterns_of(passages, keep)
        .iter()
        .map(|pattern| [name(pattern.step(0)), name(pattern.step(STEPS_PER_BAR))].iter().collect())
        .collect()
}

fn check(bars: &str, keep: Keep, expected: &[&str]) {
    assert_eq!(kept(&[passage(bars)], keep), expected, "{bars} {keep:?}");
}

#[test]
fn the_papers_rule_wants_three_in_a_row() {
    check("ABABAB", Keep::InARow, &["AB"]);
    check("ABABCABAB", Keep::InARow, &[]);
    check("CABABABAC", Keep::InARow, &["AB", "BA"]);
    check("AAAAA", Keep::InARow, &[]);
    check("AAAAAA", Keep::InARow, &["AA"]);
}

#[test]
fn a_recurring_pattern_occurs_three_times_anywhere_without_overlap() {
    check("ABCCABDDABEE", Keep::Recurring, &["AB"]);
    check("ABCCABDD", Keep::Recurring, &[]);
    check("AAAAA", Keep::Recurring, &[]);
    check("AAAAAA", Keep::Recurring, &["AA"]);
}

#[test]
fn windows_do_not_cross_a_pause_but_recur_across_it() {
    assert_eq!(kept(&[passage("AB"), passage("AB"), passage("AB")], Keep::Recurring), ["AB"]);
    assert_eq!(kept(&[passage("A"), passage("B"), passage("A"), passage("B")], Keep::Every), [""; 0]);
    assert_eq!(kept(&[passage("ABAB"), passage("AB")], Keep::InARow), [""; 0]);
}

#[test]
fn every_window_is_kept_once() {
    check("ABAB", Keep::Every, &["AB", "BA"]);
    check("A", Keep::Every, &[]);
}

/// Six bars of the same beat, with these (step of the passage, onsets) played differently.
fn human(changes: &[(usize, u16)]) -> Vec<Pattern> {
    let mut beat = passage("AAAAAA");
    for &(step, onsets) in changes {
        beat.steps[step] = onsets;
    }
    patterns_of(&[beat], Keep::Majority)
}

#[test]
fn a_majority_irons_out_what_one_of_three_played() {
    let plain = Pattern::new([1; STEPS]).unwrap();
    assert_eq!(human(&[]), [plain]);
    assert_eq!(human(&[(3, 5), (40, 0)]), [plain], "one extra, one missing");
    let twice = plain.with(3, 2);
    assert_eq!(human(&[(3, 5), (35, 5)]), [twice], "two of three agree");
}

#[test]
fn performances_that_differ_in_more_than_ten_steps_do_not_agree() {
    let ten: Vec<_> = (0..10).map(|step| (step, 9)).collect();
    assert_eq!(human(&ten).len(), 1);
    let eleven: Vec<_> = (0..11).map(|step| (step, 9)).collect();
    assert_eq!(human(&eleven).len(), 0);
}

//! Damaged states by the hundred. `cargo xtask states` tries a hundred thousand.

use crate::alone::{alone, wished};
use end_to_end::load;
use rig::Format;
use rig::checks::states;

const WISH: &str = "BEATFIELD_DAMAGED_STATES";
const STATES: u64 = 400;

#[test]
fn whatever_stands_in_a_project_plays_notes_that_are_notes_and_saves_what_it_understands() {
    for format in Format::ALL {
        let said = alone("damaged_states::a_run_in_a_process_of_its_own", WISH, format);
        println!("{format:?}: {said}");
    }
}

#[test]
fn a_run_in_a_process_of_its_own() {
    // Run by the test above only: here an abort would end every other test.
    let Some(format) = wished(WISH) else { return };
    let tally = states::run(&load(format), 1, 0, STATES, || {}).unwrap_or_else(|finding| {
        panic!("{finding}\n{}", String::from_utf8_lossy(&finding.state));
    });
    println!("{tally:?}");
    assert!(tally.taken > STATES / 4 && tally.notes > STATES, "most of it was refused or silent: {tally:?}");
}

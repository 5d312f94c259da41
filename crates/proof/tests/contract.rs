//! The playback contract as properties of random sessions. proptest draws the scripts and shortens what
//! fails.

use beat::{Fault, Grid, Sequencer};
use proof::soak::soak;
use proof::{BankFixtures, Script, WORDS, check_session};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Blocks within which a fault must be found. The rarest needs 20,000 on average, and any change of the script or the
/// banks draws other sessions.
const SOON: u64 = 100_000;

#[test]
fn any_session_of_any_host_sounds_as_the_contract_says() {
    // Fewer blocks and smaller words are simpler sessions, so proptest shrinks in the right direction.
    let words = || vec(any::<u32>(), WORDS);
    let scripts = (words(), vec(words(), 1..=60)).prop_map(|(head, blocks)| Script { head, blocks });
    let banks = BankFixtures::new(1);
    let seeded = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let done = TestRunner::new_with_rng(config, seeded).run(&scripts, |script| {
        check_session(&script, &banks, &Sequencer::new())
            .map_err(|found| TestCaseError::fail(found.to_string()))?;
        Ok(())
    });
    assert!(done.is_ok(), "{}", done.unwrap_err());
}

#[test]
fn a_soak_meets_every_situation_and_the_worst_note_is_half_a_sample_off() {
    let summary =
        soak(60_000, 7, &BankFixtures::new(7), &Sequencer::new(), |_| {}).expect("the contract holds");
    assert!(summary.never_met().is_empty(), "never met: {:?}", summary.never_met());
    let [float, fixed, _] = summary.worst_with_rounding;
    for worst in [summary.worst, float, fixed] {
        assert!(worst <= 0.505, "{worst} samples");
    }
}

#[test]
fn every_fault_is_found_soon_and_each_rule_has_one() {
    let find = |fault: Fault, banks: &BankFixtures| {
        soak(SOON, 7, banks, &Sequencer::with_fault(fault), |_| {}).is_err()
    };
    let mixed = BankFixtures::new(7);
    for &fault in Fault::ALL {
        assert!(find(fault, &mixed), "{} is not found in {SOON} blocks", fault.name());
    }
    for grid in Grid::ALL {
        let banks = BankFixtures::new(7).on(grid);
        let of_this_grid = |fault: &&Fault| match fault {
            Fault::ChangesGridAnyTime => false,
            Fault::IgnoresCompound => grid.is_triplet(),
            _ => true,
        };
        for &fault in Fault::ALL.iter().filter(of_this_grid) {
            assert!(find(fault, &banks), "{} is not found in {SOON} blocks of {grid:?}", fault.name());
        }
    }
    for rule in 1..=13 {
        assert!(Fault::ALL.iter().any(|fault| fault.rule() == rule), "rule {rule} has no fault");
    }
}

#[test]
fn the_same_seed_plays_the_same_sessions() {
    let play =
        || soak(3_000, 3, &BankFixtures::new(3), &Sequencer::new(), |_| {}).expect("the contract holds");
    let (one, other) = (play(), play());
    assert_eq!((one.blocks, one.notes, one.coverage), (other.blocks, other.notes, other.coverage));
}

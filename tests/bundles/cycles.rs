//! Instances come and go. The framework's shared worker can abort a process when an instance goes at the
//! wrong moment, so each run is a process of its own.

use crate::alone::{alone, wished};
use end_to_end::load;
use rig::Format;

const WISH: &str = "BEATFIELD_CYCLES";
const CYCLES: u32 = 60;
const RUNS: u32 = 2;

#[test]
fn instances_come_and_go_without_an_abort() {
    for format in Format::ALL {
        for _ in 0..RUNS {
            alone("cycles::a_run_in_a_process_of_its_own", WISH, format);
        }
    }
}

#[test]
fn a_run_in_a_process_of_its_own() {
    // Run by the test above only: here an abort would end every other test.
    let Some(format) = wished(WISH) else { return };
    rig::checks::lifecycle::cycles(&load(format), CYCLES).expect("the plugin plays");
}

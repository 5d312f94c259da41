//! Instances come and go. The framework's shared worker can abort a process when an instance goes at the
//! wrong moment, so each run is a process of its own: this program again, as one test of it.

use end_to_end::load;
use rig::Format;
use std::process::Command;

/// Says to the program that it is a run, and of which format.
const RUN: &str = "BEATFIELD_CYCLES";
const CYCLES: u32 = 60;
const RUNS: u32 = 2;

#[test]
fn instances_come_and_go_without_an_abort() {
    for format in Format::ALL {
        for run in 0..RUNS {
            let this = std::env::current_exe().expect("the path of this program");
            let output = Command::new(this)
                .args(["cycles::a_run_in_a_process_of_its_own", "--exact", "--nocapture"])
                .env(RUN, format!("{format:?}"))
                .output()
                .expect("this program starts again");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{format:?}, run {run}: {}\n{said}", output.status);
        }
    }
}

#[test]
fn a_run_in_a_process_of_its_own() {
    let Ok(wanted) = std::env::var(RUN) else {
        // Run by the test above only: here an abort would end every other test.
        return;
    };
    let format = if wanted == "Vst3" { Format::Vst3 } else { Format::Clap };
    rig::cycles::run(&load(format), CYCLES).expect("the plugin plays");
}

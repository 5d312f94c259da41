//! Below the line there is no allocation, no lock and no system call: counted from outside, while eight
//! instances play live. `cargo xtask realtime` does the same to the release, for longer.

use crate::alone::{alone, wished};
use end_to_end::load;
use rig::checks::realtime::{Unfinished, faults, run};
use rig::{Bundle, Format};

const WISH: &str = "BEATFIELD_REALTIME";
const SECONDS: f64 = 0.3;

#[test]
fn the_audio_thread_allocates_nothing_locks_nothing_and_makes_no_system_call() {
    for format in Format::ALL {
        let said = alone("realtime::a_live_run_in_a_process_of_its_own", WISH, format);
        if let Some(line) = said.lines().find(|line| line.starts_with("real time: not run")) {
            println!("{line}");
        }
    }
}

#[test]
fn a_live_run_in_a_process_of_its_own() {
    // Run by the test above only: a watched process is good for nothing else.
    let Some(format) = wished(WISH) else { return };
    let bundle: Bundle = load(format);
    match run(&bundle, SECONDS) {
        Err(Unfinished::Blind(why)) => println!("real time: not run (1): {why}"),
        scenes => {
            let scenes = scenes.expect("the plugin plays");
            assert_eq!(faults(&scenes, format), [""; 0], "{scenes:#?}");
        }
    }
}

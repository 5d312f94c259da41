//! Hosts activate, reset, deactivate and destroy in any order; no order may crash one or leave a thread.

use crate::alone::{alone, wished};
use end_to_end::load;
use rig::Format;
use rig::checks::lifecycle;

const WISH: &str = "BEATFIELD_LIFECYCLE";
/// Calls in the longest order: 97 orders. `cargo xtask realtime` goes on to 6.
const LONGEST: usize = 4;

#[test]
fn every_order_of_calls_ends_well_and_leaves_no_thread() {
    for format in Format::ALL {
        alone("lifecycle::all_orders_in_a_process_of_its_own", WISH, format);
    }
}

#[test]
fn all_orders_in_a_process_of_its_own() {
    // Run by the test above only: the threads of other tests come and go here.
    let Some(format) = wished(WISH) else { return };
    let groups = lifecycle::run(&load(format), &lifecycle::orders(LONGEST));
    assert_eq!(groups.map_err(|error| error.to_string()), Ok(13));
}

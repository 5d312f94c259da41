//! Ctrl-C: the first requests the run to stop after the current step, the second ends the process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

static PRESSED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C sets a flag instead of ending the process. Calling it again changes nothing.
pub(crate) fn listen() -> Result<()> {
    static LISTENING: OnceLock<Result<(), ctrlc::Error>> = OnceLock::new();
    let listening = LISTENING.get_or_init(|| {
        ctrlc::set_handler(|| {
            // Relaxed: the flag guards no other data.
            if PRESSED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
    });
    match listening {
        Ok(()) => Ok(()),
        Err(error) => bail!("can't listen for Ctrl-C: {error}"),
    }
}

/// Whether Ctrl-C was pressed.
pub(crate) fn pressed() -> bool {
    PRESSED.load(Ordering::Relaxed) // relaxed: see above
}

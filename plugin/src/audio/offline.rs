//! Offline rendering: the one place below the line that waits.
//!
//! A bounce outruns the decode thread, so at each commit the audio thread wakes it and waits until the
//! published bank answers the settings of that commit. The wait is bounded; when it runs out the old bank
//! plays, the miss is counted, and the window says so. A live audio thread never gets here.

use std::thread::Thread;
use std::time::{Duration, Instant};

use beat::{Settings, Transport};
use nice_plug::util::permit_alloc;

use crate::crossing::BankReader;
use crate::display::Meters;
use crate::params::Bounce;

/// How long one commit waits at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the crossing is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_micros(20);
/// How far the song must be ahead of the clock before that proves an offline render. Hosts that work
/// ahead stay below this.
const PROOF_SECONDS: f64 = 1.0;

/// What the host says of its mode, as far as it can be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostMode {
    /// It renders in real time, and says so dependably.
    #[default]
    Live,
    /// It renders offline, and says so dependably.
    Offline,
    /// What it says can't be believed: the VST3 wrapper reports the mode of the activation before.
    Unknown,
}

/// Decides whether blocks wait for their banks.
#[derive(Debug, Default)]
pub(super) struct OfflineRender {
    mode: HostMode,
    decode_thread: Option<Thread>,
    /// When the song began to roll, and how many seconds of it have passed since.
    rolling: Option<(Instant, f64)>,
}

impl OfflineRender {
    pub(super) fn configure(&mut self, mode: HostMode, decode_thread: Option<Thread>) {
        *self = Self { mode, decode_thread, rolling: None };
    }

    pub(super) fn reset(&mut self) {
        self.rolling = None;
    }

    /// Looks at a block and says whether it has to wait for its banks.
    pub(super) fn observe(&mut self, transport: &Transport, bounce: Bounce) -> bool {
        match (bounce, self.mode) {
            (Bounce::Exact, _) | (_, HostMode::Offline) => true,
            (Bounce::Auto, HostMode::Live) => false,
            (Bounce::Auto, HostMode::Unknown) => self.outruns_the_clock(transport),
        }
    }

    /// Whether the song has demonstrably come further than the clock since it began to roll.
    fn outruns_the_clock(&mut self, transport: &Transport) -> bool {
        if !transport.rolls() {
            self.rolling = None;
            return false;
        }
        let (began, played) = self.rolling.get_or_insert_with(|| (Instant::now(), 0.0));
        let ahead = *played - began.elapsed().as_secs_f64();
        *played += f64::from(transport.frames) / transport.sample_rate;
        ahead > PROOF_SECONDS
    }

    pub(super) fn wait_for<'a>(&'a self, settings: Settings, meters: &'a Meters) -> Wait<'a> {
        Wait { settings, meters, decode_thread: self.decode_thread.as_ref(), given_up: false }
    }
}

/// The wait of one block.
pub(super) struct Wait<'a> {
    settings: Settings,
    meters: &'a Meters,
    decode_thread: Option<&'a Thread>,
    given_up: bool,
}

impl Wait<'_> {
    /// Returns once the current bank answers the settings of this block, or patience runs out; then the
    /// block does not wait again.
    pub(super) fn until_answered(&mut self, banks: &mut BankReader) {
        let Some(decode_thread) = self.decode_thread.filter(|_| !self.given_up) else { return };
        if *banks.current().settings() == self.settings {
            return;
        }
        permit_alloc(|| {
            let deadline = Instant::now() + PATIENCE;
            while *banks.current().settings() != self.settings {
                if Instant::now() > deadline {
                    self.given_up = true;
                    self.meters.count_late();
                    return;
                }
                decode_thread.unpark();
                std::thread::sleep(LOOK_EVERY);
                banks.take_newest();
            }
        });
    }
}

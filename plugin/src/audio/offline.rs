//! Offline rendering: the one place where the audio thread waits.
//!
//! An offline render can run ahead of the decode thread, so at each commit the audio thread wakes it and
//! waits until the newest bank has the settings of that commit. After a timeout the old bank plays, the miss
//! is counted, and the window says so. Live, this never happens.

use std::thread::Thread;
use std::time::{Duration, Instant};

use beat::{Settings, Transport};
use nice_plug::util::permit_alloc;

use crate::crossing::BankReader;
use crate::params::Bounce;
use crate::shared::Meters;

/// The longest wait of one commit.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How often the crossing is polled.
const POLL_INTERVAL: Duration = Duration::from_micros(20);
/// An offline render is one whose song time is this far ahead of the clock. Hosts that process ahead of time
/// stay below it.
const PROOF_SECONDS: f64 = 1.0;
/// After this long the comparison of song time and clock starts anew.
const WINDOW_SECONDS: f64 = 5.0;

/// The host's render mode, as far as it is reliable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostMode {
    /// Real time, reliably.
    #[default]
    Live,
    /// Offline, reliably.
    Offline,
    /// Unreliable: the VST3 wrapper reports the mode of the previous activation.
    Unknown,
}

/// Decides whether commits wait for their banks.
#[derive(Debug, Default)]
pub(super) struct OfflineRender {
    mode: HostMode,
    decode_thread: Option<Thread>,
    clock: SongClock,
    /// A wait timed out: no further wait until another bank arrives.
    stuck: bool,
}

impl OfflineRender {
    pub(super) fn configure(&mut self, mode: HostMode, decode_thread: Option<Thread>) {
        *self = Self { mode, decode_thread, ..Self::default() };
    }

    pub(super) fn reset(&mut self) {
        self.clock = SongClock::default();
        self.stuck = false;
    }

    /// Whether the commits of this block wait for their banks.
    pub(super) fn observe(&mut self, transport: &Transport, bounce: Bounce) -> bool {
        match (bounce, self.mode) {
            (Bounce::Exact, _) | (_, HostMode::Offline) => true,
            (Bounce::Auto, HostMode::Live) => false,
            (Bounce::Auto, HostMode::Unknown) => self.clock.outruns(transport, Instant::now()),
        }
    }

    /// The wait of one block. None where the decode thread has ended.
    pub(super) fn wait_for<'a>(&'a mut self, settings: Settings, meters: &'a Meters) -> Wait<'a> {
        let decode_thread = self.decode_thread.as_ref().filter(|_| !meters.decoder_ended());
        Wait { settings, meters, decode_thread, stuck: &mut self.stuck }
    }
}

/// A comparison of song time with the clock.
#[derive(Debug, Default)]
struct SongClock {
    /// The start of this comparison, and the seconds of song since.
    window: Option<(Instant, f64)>,
    /// Whether song time was ahead once since the song started.
    outran: bool,
}

impl SongClock {
    /// Whether song time runs ahead of the clock. Compared in windows of a few seconds, so that a small error
    /// of an audio interface's rate does not add up.
    fn outruns(&mut self, transport: &Transport, now: Instant) -> bool {
        if !transport.rolls() {
            *self = Self::default();
            return false;
        }
        let (began, played) = self.window.get_or_insert((now, 0.0));
        let passed = now.duration_since(*began).as_secs_f64();
        self.outran |= *played - passed > PROOF_SECONDS;
        *played += f64::from(transport.frames) / transport.sample_rate;
        if passed > WINDOW_SECONDS {
            self.window = None;
        }
        self.outran
    }
}

/// The wait of one block.
pub(super) struct Wait<'a> {
    settings: Settings,
    meters: &'a Meters,
    decode_thread: Option<&'a Thread>,
    stuck: &'a mut bool,
}

impl Wait<'_> {
    /// Returns once the current bank has the settings of this block, or at the timeout; after a timeout there
    /// is no wait until another bank has arrived. `arrived` says whether one just has.
    pub(super) fn until_answered(&mut self, banks: &mut BankReader, arrived: bool) {
        *self.stuck &= !arrived;
        let Some(decode_thread) = self.decode_thread.filter(|_| !*self.stuck) else { return };
        if *banks.current().settings() == self.settings {
            return;
        }
        permit_alloc(|| {
            let deadline = Instant::now() + TIMEOUT;
            while *banks.current().settings() != self.settings {
                if Instant::now() > deadline {
                    *self.stuck = true;
                    self.meters.count_late();
                    return;
                }
                decode_thread.unpark();
                std::thread::sleep(POLL_INTERVAL);
                banks.take_newest();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: Transport = Transport {
        playing: true,
        beats: 0.0,
        tempo: 120.0,
        sample_rate: 48_000.0,
        frames: 4_800,
        loop_range: None,
        bar: None,
    };

    /// Whether blocks of a tenth of a second, one every `seconds`, count as an offline render.
    fn plays(blocks: u32, seconds: f64) -> bool {
        let (mut clock, start) = (SongClock::default(), Instant::now());
        (0..blocks)
            .any(|block| clock.outruns(&BLOCK, start + Duration::from_secs_f64(f64::from(block) * seconds)))
    }

    #[test]
    fn a_render_that_outruns_the_clock_is_found_out_and_a_live_host_never_is() {
        assert!(plays(20, 0.01), "ten times real time");
        assert!(plays(60, 0.05), "twice real time");
        assert!(!plays(200_000, 0.1), "live for five hours");
        assert!(!plays(200_000, 0.0999), "an interface that runs a thousandth fast");
        assert!(!plays(9, 0.0), "a host that works ahead by nine tenths of a second");
    }

    #[test]
    fn stopping_the_song_starts_the_comparison_afresh() {
        let (mut clock, now) = (SongClock::default(), Instant::now());
        assert!((0..20).any(|_| clock.outruns(&BLOCK, now)));
        assert!(!clock.outruns(&Transport { playing: false, ..BLOCK }, now));
        assert!(!clock.outruns(&BLOCK, now));
    }

    #[test]
    fn a_wait_that_ran_out_is_not_repeated_at_every_step() {
        let (mut writer, mut banks) = crate::crossing::bank_crossing();
        let (meters, mut render) = (Meters::default(), OfflineRender::default());
        render.configure(HostMode::Offline, Some(std::thread::current()));
        let wanted = Settings::DEFAULT;
        render.wait_for(wanted, &meters).until_answered(&mut banks, false);
        let before = Instant::now();
        for _ in 0..100 {
            render.wait_for(wanted, &meters).until_answered(&mut banks, false);
        }
        assert!(before.elapsed() < TIMEOUT, "a hundred steps wait no second time");
        assert_eq!(meters.late(), 1);
        let kit = beat::Kit::DEFAULT;
        let bank = beat::Bank::new(*beat::Bank::SILENT.takes(), 1, kit, wanted, 1);
        writer.publish(&bank, crate::crossing::DrumTable::new(&kit, &kit));
        let arrived = banks.take_newest();
        render.wait_for(wanted, &meters).until_answered(&mut banks, arrived);
        assert!(!render.stuck);
    }
}

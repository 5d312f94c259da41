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
use crate::params::Bounce;
use crate::shared::Meters;

/// How long one commit waits at most.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How often the crossing is looked at meanwhile.
const POLL_INTERVAL: Duration = Duration::from_micros(20);
/// How far the song must be ahead of the clock before that proves an offline render. Hosts that work
/// ahead stay below this.
const PROOF_SECONDS: f64 = 1.0;
/// How long song and clock are compared before the comparison starts afresh.
const WINDOW_SECONDS: f64 = 5.0;

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
    clock: SongClock,
    /// A wait ran out: nobody waits again before another bank arrives.
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

    /// Looks at a block and says whether it has to wait for its banks.
    pub(super) fn observe(&mut self, transport: &Transport, bounce: Bounce) -> bool {
        match (bounce, self.mode) {
            (Bounce::Exact, _) | (_, HostMode::Offline) => true,
            (Bounce::Auto, HostMode::Live) => false,
            (Bounce::Auto, HostMode::Unknown) => self.clock.outruns(transport, Instant::now()),
        }
    }

    /// The wait of one block. Where the decode thread is gone there is nothing to wait for.
    pub(super) fn wait_for<'a>(&'a mut self, settings: Settings, meters: &'a Meters) -> Wait<'a> {
        let decode_thread = self.decode_thread.as_ref().filter(|_| !meters.decoder_ended());
        Wait { settings, meters, decode_thread, stuck: &mut self.stuck }
    }
}

/// Compares song time with the clock.
#[derive(Debug, Default)]
struct SongClock {
    /// When this comparison began, and how many seconds of song have passed since.
    window: Option<(Instant, f64)>,
    /// Proven once, it holds until the song stops.
    outran: bool,
}

impl SongClock {
    /// Whether the song is demonstrably faster than the clock. Compared in windows of a few seconds, so
    /// that an audio interface whose rate is a little off never adds up to a proof.
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
    /// Returns once the current bank answers the settings of this block, or patience runs out; then
    /// nobody waits again before another bank has come. `arrived` says whether one just has.
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

    /// Plays blocks of a tenth of a second, one every `seconds`, and says whether that looks offline.
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

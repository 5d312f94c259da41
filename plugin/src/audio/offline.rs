//! Offline rendering: the one place where the audio thread waits.
//!
//! An offline render can run ahead of the decode thread, so at each commit the audio thread wakes it and
//! waits until the newest bank has the settings of that commit. After a timeout the old bank plays, the miss
//! is counted, and the window says so. Live, this never happens: *exact* counts only until the pace of the
//! blocks shows that the host is live.

use std::thread::Thread;
use std::time::{Duration, Instant};

use beat::{Bank, Grid, Settings, Transport};
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

/// The pace of the blocks is judged whenever this much audio has been processed.
const PACE_SECONDS: f64 = 0.2;
/// Blocks come in real time where they come at no more than this many times its pace, and no less than its inverse.
const LIVE_RATIO: f64 = 1.3;
/// A single stretch proves little: a busy machine may hold up a bounce for a moment, or let live blocks drop out. So
/// many stretches in a row change what was known.
const PROOF_STRETCHES: u32 = 5;
/// A longer gap between two blocks counts as this long: a host that rests is not live by that.
const LONGEST_GAP_SECONDS: f64 = 0.1;

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
    pace: Pace,
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
        self.observe_at(transport, bounce, Instant::now())
    }

    fn observe_at(&mut self, transport: &Transport, bounce: Bounce, now: Instant) -> bool {
        let live = self.pace.is_live(transport, now);
        match (bounce, self.mode) {
            (_, HostMode::Offline) => true,
            // CLAP hosts that render offline without announcing it count as live until *exact* is chosen.
            (Bounce::Exact, HostMode::Live | HostMode::Unknown) => !live,
            (Bounce::Auto, HostMode::Live) => false,
            (Bounce::Auto, HostMode::Unknown) => self.clock.outruns(transport, now),
        }
    }

    /// The wait of one block. None where the decode thread has ended.
    pub(super) fn wait_for<'a>(&'a mut self, settings: Settings, grid: Grid, meters: &'a Meters) -> Wait<'a> {
        let decode_thread = self.decode_thread.as_ref().filter(|_| !meters.decoder_ended());
        Wait { settings, grid, meters, decode_thread, stuck: &mut self.stuck, waited: &mut self.pace.waited }
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

/// The pace at which blocks come, whether the song rolls or not. Kept over `reset`: a live host stays live
/// when it starts and stops. A bounce that happens to run at about the pace of real time counts as live.
#[derive(Debug, Default)]
struct Pace {
    /// When the last block came, and its length in seconds.
    last: Option<(Instant, f64)>,
    /// Seconds of audio since the last judgement, and the time that they took.
    audio: f64,
    passed: f64,
    /// How long this plugin itself waited since the last block: no pace of the host's.
    waited: Duration,
    live: bool,
    /// Whether the host was seen to bounce since it was live.
    bounces: bool,
    /// How many of the last stretches, in a row, came in real time, or more slowly.
    in_time: u32,
    slow: u32,
}

impl Pace {
    /// Whether the blocks come in real time.
    fn is_live(&mut self, transport: &Transport, now: Instant) -> bool {
        let block = f64::from(transport.frames) / transport.sample_rate;
        let waited = std::mem::take(&mut self.waited);
        if let Some((last, before)) = self.last.replace((now, block)) {
            let gap = now.duration_since(last).saturating_sub(waited).as_secs_f64();
            self.audio += before;
            self.passed += gap.min(LONGEST_GAP_SECONDS.max(1.5 * before));
        }
        if self.audio >= PACE_SECONDS {
            self.judge();
            (self.audio, self.passed) = (0.0, 0.0);
        }
        self.live
    }

    /// Judges the stretch that has ended.
    fn judge(&mut self) {
        let fast = self.audio > LIVE_RATIO * self.passed;
        let slow = self.passed > LIVE_RATIO * self.audio;
        self.in_time = if fast || slow { 0 } else { self.in_time + 1 };
        self.slow = if slow { self.slow + 1 } else { 0 };
        if fast || self.slow >= PROOF_STRETCHES {
            self.live = false;
            self.bounces = true;
        } else if self.in_time >= if self.bounces { PROOF_STRETCHES } else { 1 } {
            self.live = true;
            self.bounces = false;
        }
    }
}

/// The wait of one block.
pub(super) struct Wait<'a> {
    settings: Settings,
    grid: Grid,
    meters: &'a Meters,
    decode_thread: Option<&'a Thread>,
    stuck: &'a mut bool,
    waited: &'a mut Duration,
}

impl Wait<'_> {
    /// Returns once the current bank has the settings and the grid of this block, or at the timeout; after a timeout there
    /// is no wait until another bank has arrived. `arrived` says whether one just has.
    pub(super) fn until_answered(&mut self, banks: &mut BankReader, arrived: bool) {
        *self.stuck &= !arrived;
        let Some(decode_thread) = self.decode_thread.filter(|_| !*self.stuck) else { return };
        let answers = |bank: &Bank| *bank.settings() == self.settings && *bank.grid() == self.grid;
        if answers(banks.current()) {
            return;
        }
        let start = Instant::now();
        permit_alloc(|| {
            let deadline = start + TIMEOUT;
            while !answers(banks.current()) {
                if Instant::now() > deadline {
                    *self.stuck = true;
                    self.meters.count_late();
                    return;
                }
                decode_thread.unpark();
                std::thread::sleep(POLL_INTERVAL);
                banks.take_newest(self.grid);
            }
        });
        *self.waited += start.elapsed();
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
        compound: false,
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

    /// Whether the last of these blocks of a hundredth of a second waits under *exact*, in each mode. Block
    /// `n` comes `at(n)` seconds after the first.
    fn exact_waits(blocks: u32, at: impl Fn(u32) -> f64) -> [bool; 3] {
        [HostMode::Live, HostMode::Unknown, HostMode::Offline].map(|mode| {
            let (mut render, start) = (OfflineRender::default(), Instant::now());
            render.configure(mode, None);
            let block = Transport { frames: 480, ..BLOCK };
            (0..blocks).fold(false, |_, number| {
                // A live host resets, stops and starts as it likes.
                if number % 7 == 0 {
                    render.reset();
                }
                let block = Transport { playing: number % 3 > 0, ..block };
                render.observe_at(&block, Bounce::Exact, start + Duration::from_secs_f64(at(number)))
            })
        })
    }

    /// It used to wait up to two seconds on the audio thread of a live host.
    #[test]
    fn exact_does_not_wait_while_the_host_is_demonstrably_live() {
        let live = [false, false, true];
        assert_eq!(exact_waits(100, |block| f64::from(block) * 0.01), live);
        assert_eq!(exact_waits(100, |block| f64::from(block / 4) * 0.04), live, "in bursts of four blocks");
        assert_eq!(exact_waits(300, |block| f64::from(block) * 0.009), live, "a little fast");
        let waits = [true; 3];
        assert_eq!(exact_waits(100, |block| f64::from(block) * 0.000_3), waits);
        assert_eq!(exact_waits(100, |block| f64::from(block) * 0.004), waits, "a slow machine");
        assert_eq!(exact_waits(1, |_| 0.0), waits, "nothing is known yet");
        let rests = |block: u32| f64::from(block) * 0.000_3 + f64::from(block / 50) * 60.0;
        assert_eq!(exact_waits(101, rests), waits, "it rests a minute after half a second");
        let bounces = |block: u32| f64::from(block.min(100)) * 0.01 + f64::from(block) * 0.000_3;
        assert_eq!(exact_waits(142, bounces), waits, "live for a second, then a bounce");
        let drops_out = |block: u32| f64::from(block) * 0.01 + f64::from(block / 200) * 0.3;
        assert_eq!(exact_waits(221, drops_out), live, "a live host drops out for a moment");
        let resumes = |block: u32| f64::from(block) * 0.000_3 + f64::from(block.saturating_sub(100)) * 0.01;
        assert_eq!(exact_waits(230, resumes), live, "it bounced, and is live for more than a second");
    }

    /// It used to take a bounce that was held up for a moment for a live host, and played old banks.
    #[test]
    fn exact_waits_in_a_bounce_on_a_busy_machine() {
        let waits = [true; 3];
        let held_up = |block: u32| {
            f64::from(block) * 0.000_3 + f64::from(block / 50) * 0.09 + f64::from((block + 5) / 50) * 0.09
        };
        for blocks in 1..300 {
            assert_eq!(exact_waits(blocks, held_up), waits, "held up for a moment, block {blocks}");
        }
        assert_eq!(exact_waits(300, |block| f64::from(block) * 0.02), waits, "at half the pace of real time");
    }

    /// Waiting makes an offline render slow; it must not be taken for a live host by that.
    #[test]
    fn the_plugins_own_waits_are_no_pace_of_the_hosts() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        for _ in 0..100 {
            assert!(!pace.is_live(&BLOCK, now));
            pace.waited = Duration::from_millis(500);
            now += pace.waited;
        }
    }

    #[test]
    fn a_wait_that_ran_out_is_not_repeated_at_every_step() {
        let (mut writer, mut banks) = crate::crossing::bank_crossing();
        let (meters, mut render) = (Meters::default(), OfflineRender::default());
        render.configure(HostMode::Offline, Some(std::thread::current()));
        let wanted = Settings::DEFAULT;
        render.wait_for(wanted, Grid::FOUR_FOUR, &meters).until_answered(&mut banks, false);
        let before = Instant::now();
        for _ in 0..100 {
            render.wait_for(wanted, Grid::FOUR_FOUR, &meters).until_answered(&mut banks, false);
        }
        assert!(before.elapsed() < TIMEOUT, "a hundred steps wait no second time");
        assert_eq!(meters.late(), 1);
        let kit = beat::Kit::DEFAULT;
        let bank = Bank::new(&[beat::Take::EMPTY], 1, Grid::FOUR_FOUR, kit, wanted, 1);
        writer.publish(&bank, crate::crossing::DrumTable::new(&kit, &kit));
        let arrived = banks.take_newest(Grid::FOUR_FOUR);
        render.wait_for(wanted, Grid::FOUR_FOUR, &meters).until_answered(&mut banks, arrived);
        assert!(!render.stuck);
    }
}

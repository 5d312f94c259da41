//! Measurements of live instances: from the puck to the bank, memory, loading, CPU.

use super::puck::PuckProbe;
use super::{Measurement, quantile};
use crate::hosts::raise_priority;
use crate::hosts::saved_state::saved_bank;
use crate::{Bundle, HostError, Instance, Mode, Session, Setup};
use beat::{Kit, NoteEvent, NoteKind};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Instances at once.
const INSTANCES: usize = 8;
const FRAMES: u32 = 256;
/// Samples of the blocks of which the cost is measured.
const SHORT: u32 = 64;
/// How long a bank may take.
const TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_micros(100);
/// The name of the decode threads, which Linux cuts after 15 bytes.
const DECODE_THREAD: &str = "beatfield decod";

const MEGABYTE: f64 = 1024.0 * 1024.0;

fn setup() -> Setup {
    Setup { most_frames: FRAMES, ..Setup::new(Mode::Realtime) }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Waits until the bank in the state is another than `old`, and returns it.
fn next_bank(instance: &mut Instance, old: &str) -> Result<String, HostError> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let bank = saved_bank(instance)?;
        if bank != old {
            return Ok(bank);
        }
        if Instant::now() > deadline {
            return Err(HostError::Missing("bank within five seconds"));
        }
        // Saving takes a tenth of a millisecond; without a pause it would compete with the decode thread.
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// What a fresh process measures, times in milliseconds; loading the model takes most of them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct StartupTimes {
    /// From opening the bundle to an active instance.
    pub active: f64,
    /// From opening the bundle to the first bank.
    pub playing: f64,
    /// The same for a second instance, the bundle being loaded.
    pub second: f64,
    /// Memory that the first instance added to the process, resident and own, in MB. None where the system is not
    /// Linux, as with the next two.
    pub first_memory: Option<[f64; 2]>,
    /// What each of seven more added.
    pub more_memory: Option<[f64; 2]>,
    /// CPU of one core that eight active instances use at rest, in %.
    pub idle: Option<f64>,
    /// From the first of [`PROJECT`] further instances to the last that is active with its first bank.
    pub project: f64,
}

/// The instances of a large project.
pub const PROJECT: usize = 64;

/// Opens the bundle in this process, which must be fresh, and measures the CPU time at rest for `seconds`.
///
/// # Errors
/// The plugin fails.
pub fn measure_start(
    open: impl FnOnce() -> Result<Bundle, HostError>,
    seconds: f64,
) -> Result<StartupTimes, HostError> {
    let (before, begin) = (memory(), Instant::now());
    let bundle = open()?;
    let mut instances = vec![bundle.create()?];
    instances[0].activate(setup())?;
    let active = milliseconds(begin.elapsed());
    next_bank(&mut instances[0], "")?;
    let playing = milliseconds(begin.elapsed());
    let one = memory();
    let begin = Instant::now();
    let mut second = 0.0;
    for index in 1..INSTANCES {
        let mut instance = bundle.create()?;
        instance.activate(setup())?;
        next_bank(&mut instance, "")?;
        if index == 1 {
            second = milliseconds(begin.elapsed());
        }
        instances.push(instance);
    }
    let all = memory();
    // The threads look often for a second after a change; rest begins then.
    std::thread::sleep(Duration::from_millis(1500));
    let (spent, begin) = (cpu_time(|_| true), Instant::now());
    std::thread::sleep(Duration::from_secs_f64(seconds));
    let idle = share_of_core(spent, cpu_time(|_| true), begin.elapsed());
    let begin = Instant::now();
    for _ in 0..PROJECT {
        // An activation waits for its first bank.
        let mut instance = bundle.create()?;
        instance.activate(setup())?;
        instances.push(instance);
    }
    let project = milliseconds(begin.elapsed());
    let added = |late: Option<Memory>, early: Option<Memory>, instances: usize| {
        let megabytes = |late: f64, early: f64| (late - early) / instances as f64 / MEGABYTE;
        let (late, early) = late.zip(early)?;
        Some([megabytes(late.resident, early.resident), megabytes(late.own, early.own)])
    };
    Ok(StartupTimes {
        active,
        playing,
        second,
        first_memory: added(one, before, 1),
        more_memory: added(all, one, INSTANCES - 1),
        idle,
        project,
    })
}

/// Moves the puck of eight rolling instances, one at a time, `moves` times in all, and waits for each bank; then
/// rolls for `seconds` without changes, for the CPU time of the decode threads and of a block.
///
/// # Errors
/// The plugin fails.
pub fn measure_puck(bundle: &Bundle, moves: usize, seconds: f64) -> Result<Vec<Measurement>, HostError> {
    // Without priority the measuring thread would wait for a busy core too.
    let ahead = if raise_priority() { "" } else { ", host without priority" };
    let mut instances = (0..INSTANCES).map(|_| bundle.create()).collect::<Result<Vec<_>, _>>()?;
    let (mut sessions, mut probes) = (Vec::new(), Vec::new());
    for instance in &mut instances {
        let mut session = Session::start(instance, setup(), 120.0)?;
        probes.push(PuckProbe::new(&mut session)?);
        sessions.push(session);
    }
    let mut times = Vec::new();
    for number in 0..moves {
        let at = number % INSTANCES;
        times.push(milliseconds(probes[at].move_puck(&mut sessions[at])?));
        std::thread::sleep(between(number));
    }
    let [median, p90, p99, most] = [0.5, 0.9, 0.99, 1.0].map(|share| quantile(&mut times, share));
    let mut measurements = vec![
        Measurement::new(
            format!("puck to the audio thread's bank, 8 instances roll{ahead}, median"),
            "ms",
            median,
        )
        .spread(times[0], p90),
        Measurement::new(format!("puck to the audio thread's bank, 8 instances roll{ahead}, p99"), "ms", p99)
            .spread(median, most)
            .must(5.0),
    ];
    measurements.extend(roll(&mut sessions, seconds)?);
    measurements.push(every_voice(&mut sessions[0])?);
    for session in sessions {
        session.finish()?;
    }
    Ok(measurements)
}

/// A pause of another length each time, so that the moves keep no fixed phase to the decode thread's sleep.
fn between(number: usize) -> Duration {
    Duration::from_micros(2000 + (number as u64 * 7919) % 5000)
}

/// Rolls in real time: the cost of decode threads and blocks without changes.
fn roll(sessions: &mut [Session<'_>], seconds: f64) -> Result<Vec<Measurement>, HostError> {
    let block = Duration::from_secs_f64(f64::from(SHORT) / 48_000.0);
    let (mut due, begin) = (Instant::now(), Instant::now());
    let spent = cpu_time(|name| name == DECODE_THREAD);
    let mut costs = Vec::new();
    while begin.elapsed().as_secs_f64() < seconds {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due = Instant::now().max(due + block);
        for session in &mut *sessions {
            session.render(SHORT)?;
            costs.push(session.last_cost().as_nanos() as f64);
        }
    }
    let share = share_of_core(spent, cpu_time(|name| name == DECODE_THREAD), begin.elapsed());
    Ok(vec![
        Measurement::measured("decode threads of 8 rolling instances, of one core", "%", share),
        cost("a call of process, framework included, 64 samples, rolling", &mut costs),
    ])
}

/// Plays every drum of the built-in kit in every other block, so that every voice sounds.
fn every_voice(session: &mut Session<'_>) -> Result<Measurement, HostError> {
    const BLOCKS: usize = 4000;
    session.transport().stop();
    let mut costs = Vec::new();
    for block in 0..BLOCKS {
        for note in Kit::DEFAULT.notes().iter().filter(|_| block % 2 == 0) {
            let kind = NoteKind::On { velocity: 127 };
            session.play_note(NoteEvent { sample: 0, channel: 9, note: *note, kind });
        }
        session.render(SHORT)?;
        costs.push(session.last_cost().as_nanos() as f64);
    }
    let figure = cost("a call of process, 64 samples, every voice of the kit", &mut costs);
    Ok(figure.must(f64::from(SHORT) / 48_000.0 * 1e9 / 100.0))
}

fn cost(what: &str, nanoseconds: &mut [f64]) -> Measurement {
    let [median, low, high] = [0.5, 0.1, 0.9].map(|share| quantile(nanoseconds, share));
    Measurement::new(what, "ns", median).spread(low, high)
}

/// The share of one core between two readings of the CPU time, in %.
fn share_of_core(before: Option<Duration>, after: Option<Duration>, elapsed: Duration) -> Option<f64> {
    let (before, after) = before.zip(after)?;
    Some((after - before).as_secs_f64() / elapsed.as_secs_f64() * 100.0)
}

/// Memory of this process in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Memory {
    /// Everything in memory, code included.
    resident: f64,
    /// What is not shared with other processes.
    own: f64,
}

/// The memory of this process.
/// None where the system is not Linux.
fn memory() -> Option<Memory> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |field| Some(kilobytes(&status, field)? * 1024.0);
    Some(Memory { resident: bytes("VmRSS:")?, own: bytes("RssAnon:")? })
}

fn kilobytes(status: &str, field: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix(field))?.split_whitespace().next()?.parse().ok()
}

/// The CPU time so far of the threads whose name passes `named`; none where the system is not Linux.
fn cpu_time(named: impl Fn(&str) -> bool) -> Option<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let mut nanoseconds = 0;
    for task in tasks.flatten() {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        if named(read("comm").trim()) {
            let statistics = read("schedstat");
            nanoseconds += statistics.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
        }
    }
    Some(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_figures_are_parsed() {
        let status = "Name:\trig\nVmRSS:\t    2048 kB\nRssAnon:\t     512 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(2048.0));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_spends_time() {
        assert!(memory().is_some_and(|memory| memory.resident > memory.own));
        let spent = cpu_time(|_| true);
        let mut sum = 0_u64;
        while cpu_time(|_| true) == spent {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
    }
}

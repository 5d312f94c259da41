//! Plays live with eight instances and counts what their audio threads do inside the plugin and must not:
//! allocations, locks and system calls. See [`watch`].

use crate::watch::{self, CallCounts, WatchError};
use crate::{Bundle, HostError, Instance, Mode, ParameterId, PluginFormat, Session, Setup};
use beat::{NoteEvent, NoteKind};
use std::time::{Duration, Instant};

/// Instances that play at once.
const INSTANCES: usize = 8;
/// The shortest usual block, which leaves the audio thread the least time.
const FRAMES: u32 = 64;

/// One activity of a user, and what was counted during it.
#[derive(Clone, Debug)]
pub struct WatchedActivity {
    /// What it is.
    pub name: &'static str,
    /// Blocks of all instances together.
    pub blocks: u64,
    /// What the audio threads called.
    pub calls: CallCounts,
    /// What is allowed in it.
    pub allowed: Allowed,
}

/// What an activity may do on the audio thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Nothing.
    Nothing,
    /// What the framework does when a parameter is automated.
    Automation,
    /// Everything: an offline render, the one exception, which must be seen to wait.
    OfflineWait,
}

/// Plays every activity for `seconds`, in blocks of 64 samples at 48 kHz, in real time. The counters stay in this
/// process, which should end afterwards.
///
/// # Errors
/// The plugin fails, or calls cannot be counted here ([`WatchError`]).
pub fn run(bundle: &Bundle, seconds: f64) -> anyhow::Result<Vec<WatchedActivity>> {
    watch::begin(bundle.library())?;
    let mut instances = create_watched(bundle)?;
    let mut activities = Vec::new();
    for (mode, done) in [(Mode::Realtime, &Activity::LIVE[..]), (Mode::Offline, &[Activity::Offline])] {
        // An offline render is a session of its own: a plugin that was played live up to now may take its first
        // blocks for live ones, and would not wait.
        let playing = if mode == Mode::Offline { &mut instances[..1] } else { &mut instances[..] };
        let mut sessions = Sessions::start(playing, mode)?;
        for &activity in done {
            sessions.begin(activity)?;
            let blocks = sessions.play(activity, seconds)?;
            activities.push(WatchedActivity {
                name: activity.name(),
                blocks,
                calls: CallCounts::take(),
                allowed: activity.allowed(),
            });
        }
        sessions.finish()?;
    }
    Ok(activities)
}

/// How often the framework may make a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frequency {
    /// Once in the life of an audio thread.
    OncePerThread,
    /// Whenever a parameter is automated.
    PerChange,
}

/// What the framework itself calls when a parameter is automated. It notifies its window and so compares the
/// thread's id, which allocates thread-local data; under VST3 it also wakes its worker. docs/playback.md says
/// where. Every other call is a fault.
const FRAMEWORK: [(&[PluginFormat], &str, Frequency); 4] = [
    (&PluginFormat::ALL, "malloc", Frequency::OncePerThread),
    (&PluginFormat::ALL, "pthread_setspecific", Frequency::OncePerThread),
    (&[PluginFormat::Vst3], "syscall", Frequency::PerChange),
    (&[PluginFormat::Vst3], "system call futex", Frequency::PerChange),
];

/// The calls that are not the framework's own, and an offline render without a counted wait, which means that
/// the counters do not work.
pub fn faults(activities: &[WatchedActivity], format: PluginFormat) -> Vec<String> {
    let mut faults = Vec::new();
    for WatchedActivity { name, calls, allowed, .. } in activities {
        let findings = calls.findings();
        if *allowed == Allowed::OfflineWait {
            if findings.is_empty() {
                faults.push(format!("{name}: was not seen to wait, so the watch is blind"));
            }
            continue;
        }
        for (finding, count) in findings {
            let framework = FRAMEWORK.iter().any(|(formats, known, frequency)| {
                *allowed == Allowed::Automation
                    && formats.contains(&format)
                    && *known == finding
                    && (*frequency == Frequency::PerChange || count <= INSTANCES as u64)
            });
            if !framework {
                faults.push(format!("{name}: {finding} x {count}"));
            }
        }
    }
    faults
}

/// Creates eight instances while calls are counted; without a counted allocation the counters do not work.
fn create_watched(bundle: &Bundle) -> anyhow::Result<Vec<Instance>> {
    let instances: Result<Vec<_>, _> =
        (0..INSTANCES).map(|_| watch::functions_during(|| bundle.create())).collect();
    if !CallCounts::take().findings().contains_key("malloc") {
        return Err(WatchError::Kernel("creating the plugin was not seen to allocate".to_owned()).into());
    }
    Ok(instances?)
}

/// What the host does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Activity {
    Start,
    Rest,
    Roll,
    Jump,
    Play,
    Automate,
    Recall,
    Offline,
}

impl Activity {
    /// Those of live playing, in this order.
    const LIVE: [Self; 7] =
        [Self::Start, Self::Rest, Self::Roll, Self::Jump, Self::Play, Self::Automate, Self::Recall];

    fn name(self) -> &'static str {
        match self {
            Self::Start => "processing starts, the first blocks",
            Self::Rest => "the song stands",
            Self::Roll => "the song rolls",
            Self::Jump => "seeks, loops, stops, resets, tempo changes",
            Self::Play => "notes are played in",
            Self::Automate => "every parameter is automated, banks arrive",
            Self::Recall => "states are saved and loaded",
            Self::Offline => "an offline render",
        }
    }

    fn allowed(self) -> Allowed {
        match self {
            Self::Automate => Allowed::Automation,
            Self::Offline => Allowed::OfflineWait,
            _ => Allowed::Nothing,
        }
    }
}

/// Instances that are played together.
struct Sessions<'a> {
    sessions: Vec<Session<'a>>,
    /// Those that are automated: all but the ones that switch notes or the bounce mode.
    parameters: Vec<ParameterId>,
}

impl<'a> Sessions<'a> {
    fn start(instances: &'a mut [Instance], mode: Mode) -> Result<Self, HostError> {
        let setup = Setup { most_frames: FRAMES, ..Setup::new(mode) };
        let mut parameters = Vec::new();
        for parameter in instances.iter().flat_map(|instance| instance.parameters()) {
            let fixed = ["Bounce", "Bypass", "Notes out"].contains(&parameter.name.as_str());
            if !fixed && !parameters.contains(&parameter.id) {
                parameters.push(parameter.id);
            }
        }
        let sessions = instances.iter_mut().map(|instance| Session::start(instance, setup, 120.0));
        Ok(Self { sessions: sessions.collect::<Result<_, _>>()?, parameters })
    }

    /// What the host does once, before the activity.
    fn begin(&mut self, activity: Activity) -> Result<(), HostError> {
        for session in &mut self.sessions {
            match activity {
                Activity::Roll => session.transport().play(),
                Activity::Offline => {
                    session.set_text("Bounce", "Exact")?;
                    session.transport().play();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Plays blocks in real time; returns how many.
    fn play(&mut self, activity: Activity, seconds: f64) -> Result<u64, HostError> {
        let mut due = Instant::now();
        let block = Duration::from_secs_f64(f64::from(FRAMES) / 48_000.0);
        let rounds =
            if activity == Activity::Start { 4 } else { (seconds / block.as_secs_f64()).ceil() as u32 };
        for round in 0..rounds {
            // Offline as fast as can be; live a late block is not caught up, as with a sound card: that would
            // look like an offline render.
            if activity != Activity::Offline {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                due = Instant::now().max(due + block);
            }
            for session in &mut self.sessions {
                perform(session, activity, round, &self.parameters)?;
                session.render(FRAMES)?;
            }
        }
        Ok(u64::from(rounds) * self.sessions.len() as u64)
    }

    fn finish(self) -> Result<(), HostError> {
        self.sessions.into_iter().try_for_each(|session| session.finish().map(drop))
    }
}

/// What the host does before one block.
fn perform(
    session: &mut Session<'_>,
    activity: Activity,
    round: u32,
    parameters: &[ParameterId],
) -> Result<(), HostError> {
    let every = |every: u32| round.is_multiple_of(every);
    match activity {
        Activity::Jump if every(61) => session.transport().seek(f64::from(round % 97) / 3.0),
        Activity::Jump if every(47) => session.transport().set_loop((!every(2)).then_some(0.0..1.3)),
        Activity::Jump if every(41) => session.reset()?,
        Activity::Jump if every(37) => session.transport().set_tempo(f64::from(60 + round % 120)),
        Activity::Jump if every(31) => session.transport().stop(),
        Activity::Jump => session.transport().play(),
        Activity::Play => {
            let kind = if every(2) { NoteKind::On { velocity: 100 } } else { NoteKind::Off };
            let note = (24 + round / 2 % 60) as u8;
            session.play_note(NoteEvent { sample: 3, channel: 9, note, kind });
        }
        Activity::Automate | Activity::Offline if every(3) => {
            for (index, &parameter) in parameters.iter().enumerate() {
                session.set(parameter, f64::from((round / 3 + index as u32) % 11) / 10.0);
            }
        }
        Activity::Recall if every(50) => {
            let state = session.instance().save()?;
            session.instance().load(&state)?;
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: Allowed, finding: &str, count: u64, format: PluginFormat, faulty: bool) {
        let mut calls = CallCounts::default();
        calls.functions.insert(finding.to_owned(), count);
        let activity = WatchedActivity { name: "an activity", blocks: 1, calls, allowed };
        assert_eq!(
            !faults(&[activity], format).is_empty(),
            faulty,
            "{allowed:?} {finding} {count} {format:?}"
        );
    }

    #[test]
    fn only_the_known_calls_of_the_framework_pass() {
        check(Allowed::Nothing, "memcpy", 9, PluginFormat::Clap, false);
        check(Allowed::Nothing, "malloc", 1, PluginFormat::Clap, true);
        check(Allowed::Automation, "malloc", 8, PluginFormat::Clap, false);
        check(Allowed::Automation, "malloc", 9, PluginFormat::Clap, true);
        check(Allowed::Automation, "free", 1, PluginFormat::Vst3, true);
        check(Allowed::Automation, "syscall", 1, PluginFormat::Clap, true);
        check(Allowed::Automation, "syscall", 99, PluginFormat::Vst3, false);
        check(Allowed::OfflineWait, "malloc", 99, PluginFormat::Clap, false);
        check(Allowed::OfflineWait, "memcpy", 9, PluginFormat::Clap, true);
    }
}

//! Plays live with eight instances and counts what their audio threads do inside the plugin that has no place
//! there: allocations, locks and system calls. See [`watch`].

use crate::watch::{self, Blind, Log};
use crate::{Bundle, Format, HostError, Instance, Mode, ParameterId, Session, Setup};
use beat::{NoteEvent, NoteKind};
use std::time::{Duration, Instant};

/// Instances that play at once.
const INSTANCES: usize = 8;
/// The shortest block that many people play with, where the audio thread has the least time.
const FRAMES: u32 = 64;

/// One thing that a musician does, and what was counted meanwhile.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What happens.
    pub name: &'static str,
    /// Blocks of all instances together.
    pub blocks: u64,
    /// What the audio threads called.
    pub log: Log,
    /// What it may do.
    pub kind: Kind,
}

/// What a scene may do below the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Plays,
    /// What the framework does when a parameter is automated.
    Automates,
    /// Anything: an offline render, the one exception. It must be seen to wait.
    Waits,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Unfinished {
    /// The machine has no eyes for it.
    #[error(transparent)]
    Blind(#[from] Blind),
    /// The plugin failed.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Plays every scene for `seconds`, in blocks of 64 samples at 48 kHz, at the pace of the clock. This process
/// is a probe from here on: it should end afterwards.
///
/// # Errors
/// The plugin fails, or nobody can be watched here.
pub fn run(bundle: &Bundle, seconds: f64) -> Result<Vec<Scene>, Unfinished> {
    watch::begin(&bundle.library())?;
    let mut instances = seen_to_allocate(bundle)?;
    let mut studio = Studio::start(&mut instances)?;
    let mut scenes = Vec::new();
    for act in Act::ALL {
        studio.begin(act)?;
        let blocks = studio.play(act, seconds)?;
        scenes.push(Scene { name: act.name(), blocks, log: Log::take(), kind: act.kind() });
    }
    studio.finish()?;
    Ok(scenes)
}

/// How often the framework may do something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Often {
    /// Once in the life of an audio thread.
    OnceAThread,
    /// Whenever a parameter is automated.
    EveryChange,
}

/// What the framework does by itself when a parameter is automated. It tells its window and so asks on which
/// thread it is, which sets up the thread's name tag; under VST3 it also wakes its worker. docs/playback.md
/// says where. Everything else is a fault.
const FRAMEWORK: [(&[Format], &str, Often); 4] = [
    (&Format::ALL, "malloc", Often::OnceAThread),
    (&Format::ALL, "pthread_setspecific", Often::OnceAThread),
    (&[Format::Vst3], "syscall", Often::EveryChange),
    (&[Format::Vst3], "system call futex", Often::EveryChange),
];

/// What was counted and is not the framework's own; and a watch that saw no wait where there is one.
pub fn faults(scenes: &[Scene], format: Format) -> Vec<String> {
    let mut faults = Vec::new();
    for Scene { name, log, kind, .. } in scenes {
        let findings = log.findings();
        if *kind == Kind::Waits {
            if findings.is_empty() {
                faults.push(format!("{name}: was not seen to wait, so the watch is blind"));
            }
            continue;
        }
        for (finding, count) in findings {
            let framework = FRAMEWORK.iter().any(|(formats, known, often)| {
                *kind == Kind::Automates
                    && formats.contains(&format)
                    && *known == finding
                    && (*often == Often::EveryChange || count <= INSTANCES as u64)
            });
            if !framework {
                faults.push(format!("{name}: {finding} x {count}"));
            }
        }
    }
    faults
}

/// Eight instances, created under watch: a watch that sees no allocation then is blind.
fn seen_to_allocate(bundle: &Bundle) -> Result<Vec<Box<dyn Instance>>, Unfinished> {
    let instances: Result<Vec<_>, _> =
        (0..INSTANCES).map(|_| watch::functions_during(|| bundle.create())).collect();
    if !Log::take().findings().contains_key("malloc") {
        return Err(Blind::Kernel("creating the plugin was not seen to allocate".to_owned()).into());
    }
    Ok(instances?)
}

/// What happens in a scene.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Start,
    Rest,
    Roll,
    Jump,
    Play,
    Automate,
    Recall,
    Offline,
}

impl Act {
    const ALL: [Self; 8] = [
        Self::Start,
        Self::Rest,
        Self::Roll,
        Self::Jump,
        Self::Play,
        Self::Automate,
        Self::Recall,
        Self::Offline,
    ];

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
}

impl Act {
    fn kind(self) -> Kind {
        match self {
            Self::Automate => Kind::Automates,
            Self::Offline => Kind::Waits,
            _ => Kind::Plays,
        }
    }
}

/// All instances under one clock.
struct Studio<'a> {
    sessions: Vec<Session<'a>>,
    /// All that are automated: not the way in which notes leave or bounces are told.
    parameters: Vec<ParameterId>,
}

impl<'a> Studio<'a> {
    fn start(instances: &'a mut [Box<dyn Instance>]) -> Result<Self, HostError> {
        let setup = Setup { most_frames: FRAMES, ..Setup::new(Mode::Realtime) };
        let mut parameters = Vec::new();
        for parameter in instances.iter().flat_map(|instance| instance.parameters()) {
            let stays = ["Bounce", "Bypass", "Notes out"].contains(&parameter.name.as_str());
            if !stays && !parameters.contains(&parameter.id) {
                parameters.push(parameter.id);
            }
        }
        let sessions = instances.iter_mut().map(|instance| Session::start(&mut **instance, setup, 120.0));
        Ok(Self { sessions: sessions.collect::<Result<_, _>>()?, parameters })
    }

    /// What happens once, before the scene.
    fn begin(&mut self, act: Act) -> Result<(), HostError> {
        for session in &mut self.sessions {
            match act {
                Act::Roll => session.transport().play(),
                Act::Offline => session.set_text("Bounce", "Exact")?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Plays blocks at the pace of the clock; returns how many.
    fn play(&mut self, act: Act, seconds: f64) -> Result<u64, HostError> {
        let mut due = Instant::now();
        let block = Duration::from_secs_f64(f64::from(FRAMES) / 48_000.0);
        let rounds = if act == Act::Start { 4 } else { (seconds / block.as_secs_f64()).ceil() as u32 };
        for round in 0..rounds {
            // A sound card takes a block when it is due, and what came late stays late: a song that caught
            // up would look like an offline render.
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            due = Instant::now().max(due + block);
            for session in &mut self.sessions {
                act_in(session, act, round, &self.parameters)?;
                session.render(FRAMES)?;
            }
        }
        Ok(u64::from(rounds) * self.sessions.len() as u64)
    }

    fn finish(self) -> Result<(), HostError> {
        self.sessions.into_iter().try_for_each(|session| session.finish().map(drop))
    }
}

/// What happens before one block.
fn act_in(
    session: &mut Session<'_>,
    act: Act,
    round: u32,
    parameters: &[ParameterId],
) -> Result<(), HostError> {
    let turn = |every: u32| round.is_multiple_of(every);
    match act {
        Act::Jump if turn(61) => session.transport().seek(f64::from(round % 97) / 3.0),
        Act::Jump if turn(47) => session.transport().set_loop((!turn(2)).then_some(0.0..1.3)),
        Act::Jump if turn(41) => session.reset()?,
        Act::Jump if turn(37) => session.transport().set_tempo(f64::from(60 + round % 120)),
        Act::Jump if turn(31) => session.transport().stop(),
        Act::Jump => session.transport().play(),
        Act::Play => {
            let kind = if turn(2) { NoteKind::On { velocity: 100 } } else { NoteKind::Off };
            let note = (24 + round / 2 % 60) as u8;
            session.play_note(NoteEvent { sample: 3, channel: 9, note, kind });
        }
        Act::Automate | Act::Offline if turn(3) => {
            for (index, &parameter) in parameters.iter().enumerate() {
                session.set(parameter, f64::from((round / 3 + index as u32) % 11) / 10.0);
            }
        }
        Act::Recall if turn(50) => {
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

    fn check(kind: Kind, finding: &str, count: u64, format: Format, faulty: bool) {
        let mut log = Log::default();
        log.functions.insert(finding.to_owned(), count);
        let scene = Scene { name: "a scene", blocks: 1, log, kind };
        assert_eq!(!faults(&[scene], format).is_empty(), faulty, "{kind:?} {finding} {count} {format:?}");
    }

    #[test]
    fn only_what_the_framework_is_known_for_passes() {
        check(Kind::Plays, "memcpy", 9, Format::Clap, false);
        check(Kind::Plays, "malloc", 1, Format::Clap, true);
        check(Kind::Automates, "malloc", 8, Format::Clap, false);
        check(Kind::Automates, "malloc", 9, Format::Clap, true);
        check(Kind::Automates, "free", 1, Format::Vst3, true);
        check(Kind::Automates, "syscall", 1, Format::Clap, true);
        check(Kind::Automates, "syscall", 99, Format::Vst3, false);
        check(Kind::Waits, "malloc", 99, Format::Clap, false);
        check(Kind::Waits, "memcpy", 9, Format::Clap, true);
    }
}

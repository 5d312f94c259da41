//! Every order in which a host may activate, process, reset, deactivate and destroy an instance and load its
//! state, up to a length, with eight instances alive at once; afterwards every thread must be gone. And
//! instances created, automated and destroyed by the hundred.
//!
//! Frameworks keep threads that all instances of a process share. They fail, if they do, when an instance is
//! destroyed while work for it is pending, most of all when it was the last one.

use crate::{
    BlockInput, BlockOutput, Bundle, HostError, HostTransport, Instance, Mode, ParameterChange, ParameterId,
    Position, Session, Setup,
};
use anyhow::{Context, ensure};
use std::time::{Duration, Instant};

/// Instances at once, each with its own order of calls.
const INSTANCES: usize = 8;
const FRAMES: u32 = 256;
/// How long joined threads may take to disappear from the system's list.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One call of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostCall {
    /// Activate, and start processing.
    Activate,
    /// Stop processing, and deactivate.
    Deactivate,
    /// A block that rolls, with automation.
    Process,
    /// CLAP `reset`, VST3 `setProcessing(0)` and `(1)`.
    Reset,
    /// Load a state that another instance saved.
    Load,
}

/// Every order of up to `longest` calls that both formats allow; the instance is destroyed after the last,
/// whatever its state (the host deactivates it first, as it must).
pub fn orders(longest: usize) -> Vec<Vec<HostCall>> {
    let mut orders = vec![Vec::new()];
    let mut last = 0;
    for _ in 0..longest {
        let shorter = last..orders.len();
        last = orders.len();
        for index in shorter {
            for &step in allowed_after(&orders[index]) {
                let mut order = orders[index].clone();
                order.push(step);
                orders.push(order);
            }
        }
    }
    orders
}

/// What a host may call next.
fn allowed_after(order: &[HostCall]) -> &'static [HostCall] {
    let switched = order.iter().rev().find(|step| matches!(step, HostCall::Activate | HostCall::Deactivate));
    if switched == Some(&HostCall::Activate) {
        &[HostCall::Process, HostCall::Reset, HostCall::Load, HostCall::Deactivate]
    } else {
        &[HostCall::Activate, HostCall::Load]
    }
}

/// What [`run`] did.
#[derive(Clone, Copy, Debug)]
pub struct OrdersRun {
    /// Groups of eight instances.
    pub groups: usize,
    /// Whether threads that are left over would have been found: only Linux lists them.
    pub threads_counted: bool,
}

/// Runs all `orders`, eight at a time, call by call in turn.
///
/// # Errors
/// A call failed, or threads are left over. (An abort ends the process instead.)
pub fn run(bundle: &Bundle, orders: &[Vec<HostCall>]) -> anyhow::Result<OrdersRun> {
    let state = other_state(bundle)?;
    let threads = settled(usize::MAX);
    let threads_counted = thread_names().is_some();
    let mut groups = 0;
    for group in orders.chunks(INSTANCES) {
        let mut instances = Vec::new();
        for _ in group {
            instances.push(bundle.create()?);
        }
        let longest = group.iter().map(Vec::len).max().unwrap_or(0);
        for index in 0..longest {
            for (instance, order) in instances.iter_mut().zip(group) {
                let Some(step) = order.get(index) else { continue };
                call(instance, *step, index, &state).with_context(|| format!("in the order {order:?}"))?;
            }
        }
        // The first is destroyed first or last.
        if groups % 2 == 1 {
            instances.reverse();
        }
        drop(instances);
        let left = settled(threads).saturating_sub(threads);
        ensure!(left == 0, "{left} threads are left of {group:?}: {:?}", thread_names());
        groups += 1;
    }
    Ok(OrdersRun { groups, threads_counted })
}

/// The state of an instance whose parameters were changed.
fn other_state(bundle: &Bundle) -> Result<Vec<u8>, HostError> {
    let mut instance = bundle.create()?;
    call(&mut instance, HostCall::Activate, 0, &[])?;
    call(&mut instance, HostCall::Process, 7, &[])?;
    call(&mut instance, HostCall::Deactivate, 0, &[])?;
    instance.save()
}

fn call(instance: &mut Instance, step: HostCall, index: usize, state: &[u8]) -> Result<(), HostError> {
    match step {
        HostCall::Activate => {
            instance.activate(Setup { most_frames: FRAMES, ..Setup::new(Mode::Realtime) })?;
        }
        HostCall::Deactivate => instance.deactivate()?,
        HostCall::Reset => instance.reset()?,
        HostCall::Load => instance.load(state)?,
        HostCall::Process => {
            let value = index as f64 / 10.0;
            let parameters = instance.parameters().iter();
            let changes = parameters.map(|parameter| ParameterChange {
                sample: 0,
                parameter: parameter.id,
                value: value.min(1.0),
            });
            let changes = changes.collect();
            let block =
                BlockInput { frames: FRAMES, position: rolling(index), changes, ..BlockInput::default() };
            instance.process(block, BlockOutput::default())?;
        }
    }
    instance.idle();
    Ok(())
}

fn rolling(index: usize) -> Position {
    let mut transport = HostTransport::new(48_000.0, 120.0);
    transport.seek(index as f64);
    transport.play();
    transport.position()
}

/// How many threads this process has, once there are at most `expected` or the time is over: the system lists a
/// thread for a short time after it was joined. 0 where the system has no such list.
fn settled(expected: usize) -> usize {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let threads = thread_names().map_or(0, |names| names.len());
        if threads <= expected || Instant::now() > deadline {
            return threads;
        }
        std::thread::yield_now();
    }
}

fn thread_names() -> Option<Vec<String>> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    Some(tasks.flatten().filter_map(|task| name(task).ok()).map(|name| name.trim().to_owned()).collect())
}

/// Other instances alive at once, at most.
const OTHERS: u32 = 3;
/// Blocks that each instance plays before it is destroyed.
const BLOCKS: u32 = 8;

/// Creates and destroys `cycles` instances of `bundle`, each automated right up to its end. In every other
/// cycle it is the only one; in the rest up to three others are alive.
///
/// # Errors
/// The plugin failed a call. (An abort ends the process instead.)
pub fn cycles(bundle: &Bundle, cycles: u32) -> Result<(), HostError> {
    let mut others: Vec<Instance> = Vec::new();
    for cycle in 0..cycles {
        match cycle % 4 {
            1 => others.push(bundle.create()?),
            3 => others.clear(),
            _ => {}
        }
        if cycle % 8 == 2 {
            for _ in 0..OTHERS - 1 {
                others.push(bundle.create()?);
            }
        }
        let mut instance = bundle.create()?;
        automate(&mut instance, cycle)?;
        if cycle % 3 == 0 {
            let state = instance.save()?;
            instance.load(&state)?;
        }
        for other in &mut others {
            automate(other, cycle)?;
        }
    }
    Ok(())
}

/// Plays a few blocks in which every parameter changes; the last change comes in the last block.
fn automate(instance: &mut Instance, cycle: u32) -> Result<(), HostError> {
    let parameters: Vec<ParameterId> = instance.parameters().iter().map(|parameter| parameter.id).collect();
    let setup = Setup { most_frames: 256, ..Setup::new(Mode::Realtime) };
    let mut session = Session::start(instance, setup, 120.0)?;
    session.transport().play();
    for block in 0..BLOCKS {
        for (index, &parameter) in parameters.iter().enumerate() {
            let step = cycle * BLOCKS + block + index as u32;
            session.set(parameter, f64::from(step % 11) / 10.0);
        }
        session.render(256)?;
    }
    session.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_complete() {
        // Inactive allows two calls, active four.
        let counts = (0..=5).map(|longest| orders(longest).len());
        assert_eq!(counts.collect::<Vec<_>>(), [1, 3, 9, 29, 97, 329]);
        use HostCall::{Activate, Deactivate, Load, Process, Reset};
        let all = orders(5);
        for order in [&[Activate, Deactivate, Load, Activate, Process][..], &[Activate, Reset], &[Load]] {
            assert!(all.iter().any(|known| known == order), "{order:?}");
        }
        assert!(!all.iter().any(|order| order.starts_with(&[Process])));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_is_not_joined_is_listed() {
        let (here, runs) = std::sync::mpsc::channel();
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let forgotten = move || {
            here.send(()).expect("we wait for it");
            ends.recv().is_err()
        };
        let thread = std::thread::Builder::new().name("forgotten".into()).spawn(forgotten);
        runs.recv().expect("it runs");
        assert!(thread_names().is_some_and(|names| names.contains(&"forgotten".to_owned())));
        drop(end);
        assert!(thread.expect("a thread").join().expect("it ends"));
    }
}

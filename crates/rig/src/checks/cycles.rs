//! Instances that come and go: create, automate, destroy, with others alive or none.
//!
//! Frameworks keep threads that all instances of a process share. They fail, if they do, when an instance
//! goes while work for it is still under way, and most of all when it was the last one.

use crate::{Bundle, HostError, Instance, Mode, ParameterId, Session, Setup};

/// Instances that stay alive beside the one that comes and goes, at most.
const OTHERS: u32 = 3;
/// Blocks that each instance plays before it goes.
const BLOCKS: u32 = 8;

/// Creates and destroys `cycles` instances of `bundle`, each automated right up to its end. In every other
/// cycle it is the only one; in the rest up to three others are alive.
///
/// # Errors
/// The plugin failed a call. (An abort ends the process instead.)
pub fn run(bundle: &Bundle, cycles: u32) -> Result<(), HostError> {
    let mut others: Vec<Box<dyn Instance>> = Vec::new();
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
        automate(&mut *instance, cycle)?;
        if cycle % 3 == 0 {
            let state = instance.save()?;
            instance.load(&state)?;
        }
        for other in &mut others {
            automate(&mut **other, cycle)?;
        }
    }
    Ok(())
}

/// Plays a few blocks in which every parameter moves, as a hand or an automation lane moves it; the last
/// change comes in the last block.
fn automate(instance: &mut dyn Instance, cycle: u32) -> Result<(), HostError> {
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

//! Going on from what was played: walks through a song, and how the next step is chosen.
//!
//! Here for the decode thread and the lab: no tensors, and dice without state, so that the same seed goes
//! on in the same way.

use crate::{Dice, Stream, pick};

/// A walk through a song that foretells each step from those before it.
pub trait Walk {
    /// The logits of every class for the step that comes next.
    fn logits(&self) -> Vec<f32>;

    /// The next step was this class.
    fn play(&mut self, class: u16);
}

/// Plays `steps` steps on from where the walk stands. At temperature 0 each is the likeliest, at 1 each is
/// drawn as the model foretells it. `first` is the first one's place in the song: it names its dice.
pub fn go_on(walk: &mut dyn Walk, first: usize, steps: usize, temperature: f32, dice: Dice) -> Vec<u16> {
    let next = |step: usize| {
        let class = pick(&walk.logits(), temperature, dice.throw(step, Stream::Step)) as u16;
        walk.play(class);
        class
    };
    (first..first + steps).map(next).collect()
}

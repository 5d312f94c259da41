//! Sets of phrases to be measured: the control of two-bar loops, and what next-step models generate after the
//! first two bars of real phrases.

use beat::STEPS;
use nets::{CounterRng, generate};
use rayon::prelude::*;

use super::set::PhraseSet;
use crate::kinds::NextStepModel;

/// The first two bars of each phrase repeated to the phrase's length: the control that any critic must distinguish
/// from real phrases.
pub fn loops(real: &PhraseSet) -> PhraseSet {
    let looped = |phrase: &Vec<u16>| phrase.iter().take(STEPS).copied().cycle().take(phrase.len()).collect();
    PhraseSet {
        name: "loop of two bars".to_owned(),
        phrases: real.phrases.iter().map(looped).collect(),
        ..real.clone()
    }
}

/// The first two bars of each phrase and what a model generates after them at `temperature` (0: the most probable
/// class of each step).
pub(crate) fn continued(
    model: &dyn NextStepModel,
    name: &str,
    real: &PhraseSet,
    temperature: f32,
    seed: u64,
) -> PhraseSet {
    let continue_phrase = |(row, phrase): (usize, &Vec<u16>)| {
        let mut steps: Vec<u16> = phrase.iter().take(STEPS).copied().collect();
        let mut state = model.start();
        steps.iter().for_each(|class| state.push(*class));
        let rng = CounterRng { seed, take: row as u32 };
        let count = phrase.len().saturating_sub(STEPS);
        steps.extend(generate(state.as_mut(), STEPS, count, temperature, rng));
        steps
    };
    let phrases = real.phrases.par_iter().enumerate().map(continue_phrase).collect();
    PhraseSet { name: name.to_owned(), phrases, ..real.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_as_long_as_its_phrase() {
        let mut real = PhraseSet::named("real");
        real.phrases.push((0..256).collect());
        real.songs.push("a".to_owned());
        let looped = loops(&real);
        assert_eq!((looped.phrases[0].len(), looped.phrases[0][255], &looped.songs), (256, 31, &real.songs));
    }
}

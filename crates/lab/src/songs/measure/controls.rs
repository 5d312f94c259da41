//! Phrases made for measuring: loops of two bars, which any critic must hear, and what models make of the
//! beats of real phrases.

use beat::STEPS;
use nets::{Dice, PHRASE_STEPS, PhraseDraw, PhraseModel, go_on, home};
use rayon::prelude::*;

use super::set::PhraseSet;
use crate::songs::foreteller::Foreteller;

/// The first two bars of each phrase over and over, as long as the phrase was.
pub(crate) fn loops(real: &PhraseSet) -> PhraseSet {
    let looped = |phrase: &Vec<u16>| phrase.iter().take(STEPS).copied().cycle().take(phrase.len()).collect();
    PhraseSet {
        name: "loop of two bars".to_owned(),
        phrases: real.phrases.iter().map(looped).collect(),
        ..real.clone()
    }
}

/// The first two bars of each phrase and what a model plays behind them, step by step, each step drawn at
/// `temperature` (0: the likeliest).
pub(crate) fn played_on(
    model: &Foreteller,
    name: &str,
    real: &PhraseSet,
    temperature: f32,
    seed: u64,
) -> PhraseSet {
    let play = |(row, phrase): (usize, &Vec<u16>)| {
        let mut played: Vec<u16> = phrase.iter().take(STEPS).copied().collect();
        let mut walk = model.walk();
        played.iter().for_each(|class| walk.play(*class));
        let dice = Dice { seed, take: row as u32 };
        let steps = phrase.len().saturating_sub(STEPS);
        played.extend(go_on(walk.as_mut(), STEPS, steps, temperature, dice));
        played
    };
    let phrases = real.phrases.par_iter().enumerate().map(play).collect();
    PhraseSet { name: name.to_owned(), phrases, ..real.clone() }
}

/// What a phrase model makes of the home beat of each phrase, each with a seed of its own behind the draw's.
pub(crate) fn grown(model: &PhraseModel, name: &str, real: &PhraseSet, draw: &PhraseDraw) -> PhraseSet {
    let grow = |(row, phrase): (usize, &Vec<u16>)| {
        let mut steps = [0; PHRASE_STEPS];
        steps.iter_mut().zip(phrase).for_each(|(step, played)| *step = *played);
        let draw = PhraseDraw { seed: draw.seed.wrapping_add(row as u64), ..*draw };
        model.phrase(&home(&steps), &draw).steps.to_vec()
    };
    let phrases = real.phrases.par_iter().enumerate().map(grow).collect();
    PhraseSet { name: name.to_owned(), phrases, ..real.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_as_long_as_what_it_was_made_of() {
        let mut real = PhraseSet::named("real");
        real.phrases.push((0..256).collect());
        real.songs.push("a".to_owned());
        let looped = loops(&real);
        assert_eq!((looped.phrases[0].len(), looped.phrases[0][255], &looped.songs), (256, 31, &real.songs));
    }
}

//! Phrases made for measuring: loops of two bars, which any critic must hear, and what models make of the
//! beats of real phrases.

use beat::STEPS;
use nets::{PHRASE_STEPS, PhraseDraw, PhraseModel, StepModel, home};
use rayon::prelude::*;

use super::set::PhraseSet;
use crate::chance::{Dice, Purpose};

/// The first two bars of each phrase over and over, as long as the phrase was.
pub(crate) fn loops(real: &PhraseSet) -> PhraseSet {
    let looped = |phrase: &Vec<u16>| phrase.iter().take(STEPS).copied().cycle().take(phrase.len()).collect();
    PhraseSet {
        name: "loop of two bars".to_owned(),
        phrases: real.phrases.iter().map(looped).collect(),
        ..real.clone()
    }
}

/// The first two bars of each phrase and what the step model plays behind them, each step drawn at
/// `temperature` (0: the likeliest).
pub(crate) fn played_on(
    model: &StepModel,
    name: &str,
    real: &PhraseSet,
    temperature: f32,
    seed: u64,
) -> PhraseSet {
    let play = |(row, phrase): (usize, &Vec<u16>)| {
        let mut dice = Dice::new(seed, Purpose::Latents, row as u64);
        let mut played: Vec<u16> = phrase.iter().take(STEPS).copied().collect();
        while played.len() < phrase.len() {
            let next = drawn(&model.logits(&played), temperature, &mut dice);
            played.push(next);
        }
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

/// A class drawn by its logit.
fn drawn(logits: &[f32], temperature: f32, dice: &mut Dice) -> u16 {
    let (likeliest, highest) =
        logits.iter().enumerate().fold((0, f32::NEG_INFINITY), |best, (class, logit)| {
            if *logit > best.1 { (class, *logit) } else { best }
        });
    if temperature <= 0.0 {
        return likeliest as u16;
    }
    let weight = |logit: &f32| ((logit - highest) / temperature).exp();
    let mut left = dice.unit() * logits.iter().map(weight).sum::<f32>();
    for (class, logit) in logits.iter().enumerate() {
        left -= weight(logit);
        if left < 0.0 {
            return class as u16;
        }
    }
    likeliest as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_logits_and_a_temperature_of_nothing_takes_the_likeliest() {
        let logits = [0.0, f32::ln(3.0), f32::NEG_INFINITY];
        let mut dice = Dice::new(1, Purpose::Latents, 0);
        let ones = (0..4000).filter(|_| drawn(&logits, 1.0, &mut dice) == 1).count();
        assert!((2880..3120).contains(&ones), "{ones}");
        assert!((0..100).all(|_| drawn(&logits, 0.0, &mut dice) == 1));
    }

    #[test]
    fn a_loop_is_as_long_as_what_it_was_made_of() {
        let mut real = PhraseSet::named("real");
        real.phrases.push((0..256).collect());
        real.songs.push("a".to_owned());
        let looped = loops(&real);
        assert_eq!((looped.phrases[0].len(), looped.phrases[0][255], &looped.songs), (256, 31, &real.songs));
    }
}

//! Phrases made for measuring: loops of two bars, which any critic must hear, and what models make of the
//! beats of real phrases.

use anyhow::{Context, Result, ensure};
use beat::STEPS;
use burn::tensor::{Tensor, TensorData};
use corpus::rows::UNKNOWN_GENRE;
use nets::{
    Dice, History, LatentSpread, PHRASE_BARS, PHRASE_STEPS, PhraseDraw, PhraseModel, SequenceVae, SongModel,
    VaeShape, go_on, home, pick,
};
use rayon::prelude::*;

use super::set::PhraseSet;
use crate::chance::Purpose;
use crate::songs::foreteller::Foreteller;

/// Latents that are unfolded at once.
const AT_ONCE: usize = 250;

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

/// What an autoencoder of sixteen bars or more makes of `count` latents, drawn from the spread of the songs
/// that it learnt from. They are of no song and of no genre.
pub(crate) fn unfolded(
    model: &SongModel,
    shape: &VaeShape,
    name: &str,
    count: usize,
    temperature: f32,
    seed: u64,
) -> Result<PhraseSet> {
    ensure!(
        usize::from(shape.bars) >= PHRASE_BARS,
        "a model of {} bars makes no phrase of sixteen",
        shape.bars
    );
    let device = nets::device();
    let network = SequenceVae::from_weights(shape, model.weights(), &device)?;
    let spread =
        LatentSpread::of(model.weights()).context("the model came without the spread of its latents")?;
    let mut set = PhraseSet { name: name.to_owned(), ..PhraseSet::default() };
    let mut dice = crate::chance::Dice::new(seed, Purpose::Latents, 0);
    while set.phrases.len() < count {
        let rows = AT_ONCE.min(count - set.phrases.len());
        let each = |_| spread.mean.iter().zip(&spread.deviation).collect::<Vec<_>>();
        let latents: Vec<f32> =
            (0..rows).flat_map(each).map(|(mean, deviation)| mean + deviation * dice.normal()).collect();
        let latents = Tensor::<2>::from_data(TensorData::new(latents, [rows, shape.latent()]), &device);
        let mut choose = |logits: &[f32]| pick(logits, temperature, dice.unit()) as u16;
        for phrase in network.play(shape, latents, History::Own, &mut choose) {
            set.songs.push(format!("latent {}", set.phrases.len()));
            set.genres.push(UNKNOWN_GENRE.to_owned());
            set.phrases.push(phrase);
        }
    }
    Ok(set)
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

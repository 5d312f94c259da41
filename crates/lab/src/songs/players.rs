//! What plays bars for `sample`: every kind of model of time in its own way.

use anyhow::Result;
use beat::{STEPS, STEPS_PER_BAR};
use clap::ValueEnum;
use nets::{Dice, PHRASE_BARS, PhraseDraw, PhraseModel, SongKind, SongModel, VaeDecoder, go_on};

use super::foreteller::Foreteller;
use super::vae::VaePlayer;

/// Which model of time plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Player {
    /// The step model: the next sixteenth from what stood bars ago
    Step,
    /// Ortiz's recurrent network: the next sixteenth from memory
    Lstm,
    /// The same with attention to what followed before
    #[value(name = "drumsrnn")]
    DrumsRnn,
    /// Bars from one latent, by a perceptron
    Mlp,
    /// Bars from one latent, by an LSTM through all steps
    Flat,
    /// Sixteen bars from one latent, by a conductor and an LSTM through each bar
    Hierarchical,
    /// Phrases of sixteen bars that grow from the first two, one behind the other
    Phrase,
}

impl Player {
    /// The kind that a model is of.
    pub(super) fn of(kind: &SongKind) -> Self {
        match kind {
            SongKind::Step => Self::Step,
            SongKind::Lstm(_) => Self::Lstm,
            SongKind::DrumsRnn(_) => Self::DrumsRnn,
            SongKind::Phrase => Self::Phrase,
            SongKind::Vae(shape) => match shape.decoder {
                VaeDecoder::Mlp => Self::Mlp,
                VaeDecoder::Flat => Self::Flat,
                VaeDecoder::Hierarchical => Self::Hierarchical,
            },
        }
    }

    /// What it is called on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or(String::new(), |kind| kind.get_name().to_owned())
    }
}

/// What plays bars: each kind of model has its own way.
pub(super) trait Plays: Sync {
    /// `bars` bars as classes of nine pieces, behind or out of the two bars `prime`. At temperature 0
    /// each step is the likeliest; what a phrase model plans is drawn all the same.
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, dice: Dice) -> Vec<u16>;

    /// The two bars to play from where none were named; `None` where it needs none.
    fn begins_with(&self) -> Option<&[u16]>;
}

impl Plays for Foreteller {
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, dice: Dice) -> Vec<u16> {
        let prime = prime.unwrap_or_default();
        let mut walk = self.walk();
        prime.iter().for_each(|class| walk.play(*class));
        go_on(walk.as_mut(), prime.len(), bars * STEPS_PER_BAR, temperature, dice)
    }

    fn begins_with(&self) -> Option<&[u16]> {
        Some(&ROCK)
    }
}

impl Plays for VaePlayer {
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, dice: Dice) -> Vec<u16> {
        VaePlayer::bars(self, prime, bars, temperature, (dice.seed, dice.take))
    }

    fn begins_with(&self) -> Option<&[u16]> {
        None
    }
}

impl Plays for PhraseModel {
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, dice: Dice) -> Vec<u16> {
        let home = prime.and_then(|prime| prime.first_chunk()).copied().unwrap_or(ROCK);
        let grown = |number: usize| {
            let seed = u64::from(dice.take) << 32 ^ (number as u64) << 16 ^ dice.seed;
            self.phrase(&home, &PhraseDraw { seed, temperature, fills: 0.0 }).steps
        };
        let phrases = (0..bars.div_ceil(PHRASE_BARS)).flat_map(grown);
        phrases.take(bars * STEPS_PER_BAR).collect()
    }

    fn begins_with(&self) -> Option<&[u16]> {
        Some(&ROCK)
    }
}

/// How the model in a file plays.
pub(super) fn player(model: &SongModel) -> Result<Box<dyn Plays>> {
    Ok(match model.kind() {
        SongKind::Vae(shape) => Box::new(VaePlayer::new(model, shape)?),
        SongKind::Phrase => Box::new(PhraseModel::new(model.weights())?),
        _ => Box::new(Foreteller::new(model)?),
    })
}

/// A plain rock beat: kick on one and three, snare on two and four, closed hats on every eighth, as
/// classes of nine pieces.
const ROCK: [u16; STEPS] = {
    let mut steps = [0; STEPS];
    let mut step = 0;
    while step < STEPS {
        let kick = if step % 16 == 0 || step % 16 == 8 || step == 26 { 1 } else { 0 };
        let snare = if step % 8 == 4 { 1 << 1 } else { 0 };
        let hat = if step % 2 == 0 { 1 << 2 } else { 0 };
        steps[step] = kick | snare | hat;
        step += 1;
    }
    steps
};

//! The phrase model: how its planner and writer are trained on songs. `nets` has its inference.

use anyhow::Result;
use beat::CLASSES;
use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::{
    ALL_CHOICES, BarPlan, CHOICES, CHOICES_FROM, CounterRng, HALF, PHRASE_BARS, PHRASE_STEPS, PLANNER_SHAPE,
    PhraseDraw, PhraseModel, PlanContext, SequenceModel, WRITER_SHAPE, Weights, WriterContext,
    difference_class, encode_plan, encode_writer, theme,
};
use nets::{ONE_BAR, TWO_BARS};
use rayon::prelude::*;

use super::step::recipe;
use super::{BarGenerator, Kind, PhraseRequest, ROCK, Run, SequenceKind, TrainKind};
use crate::excerpts::{phrase_at, phrase_starts};
use crate::layers::mlp::PerceptronNetwork;
use crate::metrics::phrases::form::PIECE_BARS;
use crate::metrics::phrases::set::PhraseSet;
use crate::rng::TrainingRng;
use crate::songs::Songs;
use crate::training::{BatchSource, Gradients, Objective};

/// The kind.
pub(super) const KIND: Kind = Kind {
    name: PhraseModel::KIND,
    about: "Phrase model: sixteen bars that develop a beat; learns from whole songs",
    options: &[],
    train: TrainKind::Songs(train),
    sequence: Some(SequenceKind {
        matches: |model| model.kind() == PhraseModel::KIND,
        generator: |model| Ok(Box::new(PhraseGenerator(PhraseModel::new(model.weights())?))),
        evaluate: |_, _| {
            anyhow::bail!("a phrase model predicts no steps; measure its phrases with `cargo xtask phrases`")
        },
        shipped: |_| Some("phrase.safetensors"),
        title: "phrase model",
        predicts_steps: false,
        generates_phrases: |_| true,
        phrases,
    }),
};

fn train(run: &mut Run<'_>, songs: Songs) -> Result<SequenceModel> {
    let recipe = recipe(run, format!("phrase of {}", songs.sha256), 10);
    let objective = PhraseTraining::new(songs.training, &songs.validation);
    run.train_sequence(&objective, &recipe, PhraseModel::KIND, &(), PhraseModel::arrays())
}

/// Phrases from the themes of real phrases. A long piece is a phrase repeated, as the plugin plays it.
fn phrases(model: &SequenceModel, request: &PhraseRequest<'_>) -> Result<[PhraseSet; 2]> {
    let model = PhraseModel::new(model.weights())?;
    let PhraseRequest { real, name, temperature, seed, .. } = request;
    let develop = |(row, phrase): (usize, &Vec<u16>)| {
        let mut steps = [0; PHRASE_STEPS];
        steps.iter_mut().zip(phrase).for_each(|(step, class)| *step = *class);
        let seed = seed.wrapping_add(row as u64);
        let draw = PhraseDraw { seed, temperature: *temperature, fills: 0.0 };
        model.phrase(&theme(&steps), &draw).steps.to_vec()
    };
    let phrases = real.phrases.par_iter().enumerate().map(develop).collect();
    let phrases = PhraseSet { name: name.clone(), phrases, ..(*real).clone() };
    let mut pieces = phrases.clone();
    pieces.phrases.iter_mut().for_each(|piece| *piece = piece.repeat(PIECE_BARS / PHRASE_BARS));
    Ok([phrases, pieces])
}

/// Phrases one after another, each developed from the same prime.
pub struct PhraseGenerator(pub PhraseModel);

impl BarGenerator for PhraseGenerator {
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, rng: CounterRng) -> Vec<u16> {
        let theme = prime.and_then(|prime| prime.first_chunk()).copied().unwrap_or(ROCK);
        let phrase = |number: usize| {
            let seed = u64::from(rng.take) << 32 ^ (number as u64) << 16 ^ rng.seed;
            self.0.phrase(&theme, &PhraseDraw { seed, temperature, fills: 0.0 }).steps
        };
        let phrases = (0..bars.div_ceil(PHRASE_BARS)).flat_map(phrase);
        phrases.take(bars * ONE_BAR).collect()
    }

    fn default_prime(&self) -> Option<&[u16]> {
        Some(&ROCK)
    }
}

/// Phrases of an epoch.
const PHRASES: usize = 16_384;
/// One in this many phrases of the validation songs is measured.
const VALIDATION_ONE_IN: usize = 16;
/// Validation phrases of one forward pass.
const VALIDATION_BATCH: usize = 16;
/// Added to the logit of an impossible choice.
const MASKED: f32 = -1e4;

/// Planner and writer, which are trained side by side.
#[derive(Module, Debug)]
struct PhraseNetworks {
    planner: PerceptronNetwork,
    writer: PerceptronNetwork,
}

/// A phrase model to be trained on songs.
struct PhraseTraining {
    phrases: RandomPhrases,
    validation: Vec<[u16; PHRASE_STEPS]>,
}

/// Random phrases of some songs.
struct RandomPhrases {
    songs: Vec<Vec<u16>>,
    /// Song and first step of each phrase.
    starts: Vec<(usize, usize)>,
}

impl BatchSource for RandomPhrases {
    type Example<'a> = &'a [u16; PHRASE_STEPS];

    fn epoch_len(&self) -> usize {
        PHRASES
    }

    fn epoch<'a>(
        &'a self,
        _: u64,
        _: u64,
    ) -> impl FnMut(usize, &mut TrainingRng) -> Vec<&'a [u16; PHRASE_STEPS]> + 'a {
        |count, rng| {
            let phrase = |_| {
                let (song, start) = self.starts.get(rng.below(self.starts.len()))?;
                phrase_at(&self.songs[*song], *start)
            };
            (0..count).filter_map(phrase).collect()
        }
    }
}

impl PhraseTraining {
    fn new(songs: Vec<Vec<u16>>, validation: &[Vec<u16>]) -> Self {
        let of = |(song, steps): (usize, &Vec<u16>)| {
            phrase_starts(steps).map(move |start| (song, start)).collect::<Vec<_>>()
        };
        let starts = songs.iter().enumerate().flat_map(of).collect();
        let phrases = |song| phrase_starts(song).filter_map(|start| phrase_at(song, start).copied());
        let validation =
            validation.iter().flat_map(|song| phrases(song)).step_by(VALIDATION_ONE_IN).collect();
        Self { phrases: RandomPhrases { songs, starts }, validation }
    }
}

/// The decisions and the written steps of some phrases.
#[derive(Default)]
struct PhraseBatch {
    /// Inputs of the planner, `[decisions, PLANNER_FEATURES]`.
    plan_features: Vec<f32>,
    /// 0 for a possible choice, [`MASKED`] for an impossible one: `[decisions, ALL_CHOICES]`.
    plan_mask: Vec<f32>,
    /// The choice that was made, `[decisions]`.
    choices: Vec<i32>,
    /// Inputs of the writer, `[steps, WRITER_FEATURES]`.
    write_features: Vec<f32>,
    /// The difference class of each class from the reference step: `[steps, 512]`.
    differences: Vec<i32>,
    /// The class of each written step, `[steps]`.
    classes: Vec<i32>,
}

impl PhraseBatch {
    fn add(&mut self, phrase: &[u16; PHRASE_STEPS]) {
        let theme = theme(phrase);
        let mut plans: Vec<BarPlan> = Vec::new();
        let (bars, _) = phrase.as_chunks::<ONE_BAR>();
        for (number, bar) in bars.iter().enumerate() {
            let context = PlanContext { theme: &theme, past: &phrase[..number * ONE_BAR] };
            let plan = BarPlan::of_bar(&context, bar);
            (0..CHOICES.len()).for_each(|decision| self.add_decision(&context, &plans, &plan, decision));
            for half in 0..2 {
                self.add_half(&theme, phrase, number * ONE_BAR + half * HALF, &plans, &plan);
            }
            plans.push(plan);
        }
    }

    fn add_decision(
        &mut self,
        context: &PlanContext<'_>,
        plans: &[BarPlan],
        plan: &BarPlan,
        decision: usize,
    ) {
        let possible: Vec<usize> = context.possible(plan, decision).collect();
        if possible.len() < 2 {
            return; // nothing to decide
        }
        let from = self.plan_features.len();
        self.plan_features.resize(from + PLANNER_SHAPE.inputs, 0.0);
        encode_plan(context, plans, plan, decision, &mut |input| self.plan_features[from + input] = 1.0);
        let row = self.plan_mask.len();
        self.plan_mask.resize(row + ALL_CHOICES, MASKED);
        possible.iter().for_each(|choice| self.plan_mask[row + CHOICES_FROM[decision] + choice] = 0.0);
        self.choices.push((CHOICES_FROM[decision] + usize::from(plan.0[decision])) as i32);
    }

    fn add_half(
        &mut self,
        theme: &[u16; TWO_BARS],
        phrase: &[u16; PHRASE_STEPS],
        first: usize,
        plans: &[BarPlan],
        plan: &BarPlan,
    ) {
        let half = first / HALF % 2;
        let planned = plan.half(half);
        let context = PlanContext { theme, past: &phrase[..first - half * HALF] };
        let reference = context.reference(half, planned.reference).filter(|_| planned.edits > 0);
        let Some(reference) = reference else { return };
        let last = plans.last().copied().unwrap_or_default();
        for step in first..first + HALF {
            let from = self.write_features.len();
            self.write_features.resize(from + WRITER_SHAPE.inputs, 0.0);
            let context =
                WriterContext { theme, past: &phrase[..step], reference: &reference, plans: [plan, &last] };
            encode_writer(&context, &mut |input| self.write_features[from + input] = 1.0);
            let reference = reference[step % HALF];
            self.differences.extend((0..CLASSES).map(|class| difference_class(class, reference) as i32));
            self.classes.push(i32::from(phrase[step]));
        }
    }

    /// The mean cross-entropy of a decision and of a written step, in nats.
    fn losses(self, model: &PhraseNetworks, device: &Device) -> [Tensor<1>; 2] {
        let rows = self.choices.len();
        let features = TensorData::new(self.plan_features, [rows, PLANNER_SHAPE.inputs]);
        let mask = Tensor::<2>::from_data(TensorData::new(self.plan_mask, [rows, ALL_CHOICES]), device);
        let choices = Tensor::<2, Int>::from_data(TensorData::new(self.choices, [rows, 1]), device);
        let logits = model.planner.forward(Tensor::from_data(features, device)) + mask; // [decisions, choices]
        let plan_loss = log_softmax(logits, 1).gather(1, choices).mean().neg();

        let rows = self.classes.len();
        if rows == 0 {
            return [plan_loss, Tensor::zeros([1], device)];
        }
        let features = TensorData::new(self.write_features, [rows, WRITER_SHAPE.inputs]);
        let differences = TensorData::new(self.differences, [rows, CLASSES]);
        let differences = Tensor::<2, Int>::from_data(differences, device);
        let classes = Tensor::<2, Int>::from_data(TensorData::new(self.classes, [rows, 1]), device);
        let outputs = model.writer.forward(Tensor::from_data(features, device)); // [steps, 2 x 512]
        let absolute = outputs.clone().narrow(1, 0, CLASSES);
        let difference = outputs.narrow(1, CLASSES, CLASSES).gather(1, differences);
        [plan_loss, log_softmax(absolute + difference, 1).gather(1, classes).mean().neg()]
    }
}

impl Objective for PhraseTraining {
    type Model = PhraseNetworks;
    type Source = RandomPhrases;

    fn source(&self) -> &RandomPhrases {
        &self.phrases
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<PhraseNetworks> {
        let weights = Weights::initial(&PhraseModel::arrays(), seed);
        let planner = PerceptronNetwork::from_weights(&PLANNER_SHAPE, &weights, device)?;
        Ok(PhraseNetworks {
            planner,
            writer: PerceptronNetwork::from_weights(&WRITER_SHAPE, &weights, device)?,
        })
    }

    fn gradients(
        &self,
        model: &PhraseNetworks,
        phrases: &[&[u16; PHRASE_STEPS]],
        _: &mut TrainingRng,
        _: f64,
    ) -> Result<Gradients> {
        let mut batch = PhraseBatch::default();
        phrases.iter().for_each(|phrase| batch.add(phrase));
        let [plan_loss, write_loss] = batch.losses(model, &nets::device().autodiff());
        Gradients::of_loss(plan_loss + write_loss, model)
    }

    fn validation_loss(&self, model: &PhraseNetworks) -> Result<f64> {
        let (mut total, mut all) = ([0.0; 2], [0; 2]);
        for phrases in self.validation.chunks(VALIDATION_BATCH) {
            let mut batch = PhraseBatch::default();
            phrases.iter().for_each(|phrase| batch.add(phrase));
            let rows = [batch.choices.len(), batch.classes.len()];
            for (index, loss) in batch.losses(model, &nets::device()).into_iter().enumerate() {
                total[index] += f64::from(loss.try_into_scalar::<f32>()?) * rows[index] as f64;
                all[index] += rows[index];
            }
        }
        Ok((0..2).map(|index| total[index] / all[index].max(1) as f64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn plans_of_songs_are_possible_and_edited_halves_are_written() -> Result<()> {
        let mut rng = TrainingRng::new(3, Purpose::Loss, 0);
        let beat: Vec<u16> = (0..TWO_BARS).map(|_| rng.below(4) as u16).collect();
        let mut song: Vec<u16> = beat.iter().copied().cycle().take(PHRASE_STEPS).collect();
        for step in [0, 60, 61, 62, 200] {
            song[step] ^= 0x90;
        }
        let phrase = phrase_at(&song, 0).copied().unwrap_or([0; PHRASE_STEPS]);
        let mut batch = PhraseBatch::default();
        batch.add(&phrase);
        assert_eq!(batch.classes.len(), 3 * HALF);
        for (row, choice) in batch.choices.iter().enumerate() {
            assert_eq!(batch.plan_mask[row * ALL_CHOICES + *choice as usize], 0.0);
        }
        let objective = PhraseTraining::new(vec![song.clone()], &[song]);
        assert_eq!((objective.phrases.starts.len(), objective.validation.len()), (1, 1));
        let model = objective.initial(1, &nets::device())?;
        let [plan_loss, write_loss] =
            batch.losses(&model, &nets::device()).map(Tensor::try_into_scalar::<f32>);
        assert!((plan_loss? - 1.5).abs() < 1.0 && (write_loss? - 6.2).abs() < 0.5);
        Ok(())
    }
}

//! Teaches the phrase model how songs go on: the planner what bars do, the writer what stands where they
//! stray.

use anyhow::Result;
use beat::{CLASSES, STEPS, STEPS_PER_BAR};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::{
    ALL_CHOICES, BarPlan, Before, CHOICES, CHOICES_FROM, HALF, PHRASE_STEPS, PLAN, SongKind, SparseNetwork,
    WRITE, Weights, Writing, differing, home, see_plan, see_writing,
};

use super::phrases::{phrase_at, phrase_starts};
use crate::chance::Dice;
use crate::training::{Gradients, Objective};

/// Phrases of an epoch.
const PHRASES: usize = 16_384;
/// Of the phrases of validation songs one in so many is measured.
const VALIDATION_ONE_IN: usize = 16;
/// Phrases that are measured at once.
const MEASURED: usize = 16;
/// What stands in for the logit of a choice that can't be.
const IMPOSSIBLE: f32 = -1e4;

/// Planner and writer, which are trained side by side.
#[derive(Module, Debug)]
pub(crate) struct PhraseNetworks {
    planner: SparseNetwork,
    writer: SparseNetwork,
}

impl PhraseNetworks {
    /// The weights of both.
    pub(crate) fn weights(&self) -> Weights {
        let mut weights = self.planner.weights(&PLAN);
        weights.extend(self.writer.weights(&WRITE));
        weights
    }
}

/// A phrase model to be trained on songs.
pub(crate) struct PhraseTraining {
    songs: Vec<Vec<u16>>,
    /// Song and first step of each phrase.
    starts: Vec<(usize, usize)>,
    validation: Vec<[u16; PHRASE_STEPS]>,
}

impl PhraseTraining {
    /// What these songs teach.
    pub(crate) fn new(songs: Vec<Vec<u16>>, validation: &[Vec<u16>]) -> Self {
        let of = |(song, steps): (usize, &Vec<u16>)| {
            phrase_starts(steps).map(move |start| (song, start)).collect::<Vec<_>>()
        };
        let starts = songs.iter().enumerate().flat_map(of).collect();
        let phrases = |song| phrase_starts(song).filter_map(|start| phrase_at(song, start).copied());
        let validation =
            validation.iter().flat_map(|song| phrases(song)).step_by(VALIDATION_ONE_IN).collect();
        Self { songs, starts, validation }
    }

    fn any_phrase(&self, dice: &mut Dice) -> Option<&[u16; PHRASE_STEPS]> {
        let (song, start) = self.starts.get(dice.below(self.starts.len()))?;
        phrase_at(&self.songs[*song], *start)
    }
}

/// Decisions and steps of some phrases.
#[derive(Default)]
struct Batch {
    seen: Vec<f32>,
    impossible: Vec<f32>,
    decided: Vec<i32>,
    heard: Vec<f32>,
    differing: Vec<i32>,
    written: Vec<i32>,
}

impl Batch {
    fn add(&mut self, phrase: &[u16; PHRASE_STEPS]) {
        let home = home(phrase);
        let mut plans: Vec<BarPlan> = Vec::new();
        let (bars, _) = phrase.as_chunks::<STEPS_PER_BAR>();
        for (number, bar) in bars.iter().enumerate() {
            let before = Before { home: &home, past: &phrase[..number * STEPS_PER_BAR] };
            let plan = BarPlan::read(&before, bar);
            (0..CHOICES.len()).for_each(|decision| self.add_decision(&before, &plans, &plan, decision));
            for half in 0..2 {
                self.add_half(&home, phrase, number * STEPS_PER_BAR + half * HALF, &plans, &plan);
            }
            plans.push(plan);
        }
    }

    fn add_decision(&mut self, before: &Before<'_>, plans: &[BarPlan], plan: &BarPlan, decision: usize) {
        let possible: Vec<usize> = before.possible(plan, decision).collect();
        if possible.len() < 2 {
            return; // nothing to decide
        }
        let from = self.seen.len();
        self.seen.resize(from + PLAN.inputs, 0.0);
        see_plan(before, plans, plan, decision, &mut |input| self.seen[from + input] = 1.0);
        let row = self.impossible.len();
        self.impossible.resize(row + ALL_CHOICES, IMPOSSIBLE);
        possible.iter().for_each(|choice| self.impossible[row + CHOICES_FROM[decision] + choice] = 0.0);
        self.decided.push((CHOICES_FROM[decision] + usize::from(plan.0[decision])) as i32);
    }

    fn add_half(
        &mut self,
        home: &[u16; STEPS],
        phrase: &[u16; PHRASE_STEPS],
        first: usize,
        plans: &[BarPlan],
        plan: &BarPlan,
    ) {
        let half = first / HALF % 2;
        let planned = plan.half(half);
        let before = Before { home, past: &phrase[..first - half * HALF] };
        let Some(base) = before.base(half, planned.base).filter(|_| planned.strays > 0) else { return };
        let last = plans.last().copied().unwrap_or_default();
        for step in first..first + HALF {
            let from = self.heard.len();
            self.heard.resize(from + WRITE.inputs, 0.0);
            let writing = Writing { home, past: &phrase[..step], base: &base, plans: [plan, &last] };
            see_writing(&writing, &mut |input| self.heard[from + input] = 1.0);
            let base = base[step % HALF];
            self.differing.extend((0..CLASSES).map(|class| differing(class, base) as i32));
            self.written.push(i32::from(phrase[step]));
        }
    }

    /// The mean nats of a decision and of a written step.
    fn losses(self, model: &PhraseNetworks, device: &Device) -> [Tensor<1>; 2] {
        let rows = self.decided.len();
        let seen = Tensor::<2>::from_data(TensorData::new(self.seen, [rows, PLAN.inputs]), device);
        let impossible =
            Tensor::<2>::from_data(TensorData::new(self.impossible, [rows, ALL_CHOICES]), device);
        let decided = Tensor::<2, Int>::from_data(TensorData::new(self.decided, [rows, 1]), device);
        let planned = model.planner.forward(seen) + impossible; // [decisions, choices]
        let planned = log_softmax(planned, 1).gather(1, decided).mean().neg();

        let rows = self.written.len();
        if rows == 0 {
            return [planned, Tensor::zeros([1], device)];
        }
        let heard = Tensor::<2>::from_data(TensorData::new(self.heard, [rows, WRITE.inputs]), device);
        let differing = Tensor::<2, Int>::from_data(TensorData::new(self.differing, [rows, CLASSES]), device);
        let written = Tensor::<2, Int>::from_data(TensorData::new(self.written, [rows, 1]), device);
        let outputs = model.writer.forward(heard); // [steps, 2 x 512]
        let are = outputs.clone().narrow(1, 0, CLASSES);
        let differ = outputs.narrow(1, CLASSES, CLASSES).gather(1, differing);
        [planned, log_softmax(are + differ, 1).gather(1, written).mean().neg()]
    }
}

impl Objective for PhraseTraining {
    type Model = PhraseNetworks;

    fn initial(&self, seed: u64, device: &Device) -> Result<PhraseNetworks> {
        let weights = Weights::initial(&SongKind::Phrase.arrays(), seed);
        let planner = SparseNetwork::from_weights(&PLAN, &weights, device)?;
        Ok(PhraseNetworks { planner, writer: SparseNetwork::from_weights(&WRITE, &weights, device)? })
    }

    fn rows(&self) -> usize {
        PHRASES
    }

    fn gradients(
        &self,
        model: &PhraseNetworks,
        rows: &[usize],
        dice: &mut Dice,
        _done: f64,
    ) -> Result<Gradients> {
        let mut batch = Batch::default();
        for _ in rows {
            self.any_phrase(dice).into_iter().for_each(|phrase| batch.add(phrase));
        }
        let [planned, written] = batch.losses(model, &nets::device().autodiff());
        let loss = planned + written;
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        Ok(Gradients { model: gradients, critic: None, loss: f64::from(loss.try_into_scalar::<f32>()?) })
    }

    fn validation_loss(&self, model: &PhraseNetworks) -> Result<f64> {
        let (mut total, mut all) = ([0.0; 2], [0; 2]);
        for phrases in self.validation.chunks(MEASURED) {
            let mut batch = Batch::default();
            phrases.iter().for_each(|phrase| batch.add(phrase));
            let rows = [batch.decided.len(), batch.written.len()];
            for (index, loss) in batch.losses(model, &nets::device()).into_iter().enumerate() {
                total[index] += f64::from(loss.try_into_scalar::<f32>()?) * rows[index] as f64;
                all[index] += rows[index];
            }
        }
        let [planned, written] = [0, 1].map(|index| total[index] / all[index].max(1) as f64);
        eprintln!("validation: {planned:.4} nats a decision, {written:.4} a written step");
        Ok(planned + written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    #[test]
    fn what_is_decided_is_possible_and_what_strays_is_written() -> Result<()> {
        let mut dice = Dice::new(3, Purpose::Loss, 0);
        let beat: Vec<u16> = (0..STEPS).map(|_| dice.below(4) as u16).collect();
        let mut song: Vec<u16> = beat.iter().copied().cycle().take(PHRASE_STEPS).collect();
        for step in [0, 60, 61, 62, 200] {
            song[step] ^= 0x90;
        }
        let phrase = phrase_at(&song, 0).copied().unwrap_or([0; PHRASE_STEPS]);
        let mut batch = Batch::default();
        batch.add(&phrase);
        assert_eq!(batch.written.len(), 3 * HALF);
        for (row, decided) in batch.decided.iter().enumerate() {
            assert_eq!(batch.impossible[row * ALL_CHOICES + *decided as usize], 0.0);
        }
        let objective = PhraseTraining::new(vec![song.clone()], &[song]);
        assert_eq!((objective.starts.len(), objective.validation.len()), (1, 1));
        let model = objective.initial(1, &nets::device())?;
        let losses = batch.losses(&model, &nets::device()).map(Tensor::try_into_scalar::<f32>);
        let [planned, written] = losses;
        assert!((planned? - 1.5).abs() < 1.0 && (written? - 6.2).abs() < 0.5);
        Ok(())
    }
}

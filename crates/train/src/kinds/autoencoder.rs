//! Autoencoders of two-bar patterns: the paper's three and the residual one that ships. They differ in
//! architecture and loss alone. `nets` has the network.

use anyhow::Result;
use beat::{DEFAULT_INSTRUMENT_NAMES, Kit, Pattern};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use nets::{
    Architecture, Autoencoder, CodeCloud, EncoderOutput, KitTable, LATENT, Model, ModelParts, Provenance,
    Weights, patterns_tensor,
};
use serde_json::json;

use super::{Kind, Run, TrainKind, quality};
use crate::adopt::adopted;
use crate::latents::encode;
use crate::layers::cross_entropy::binary_cross_entropy;
use crate::layers::mlp::Mlp;
use crate::patterns::{Patterns, patterns_of};
use crate::rng::TrainingRng;
use crate::training::{Gradients, LearningRate, Objective, Recipe, ShuffledRows, mean_loss};

/// The paper's autoencoder.
pub(super) const AE: Kind = Kind {
    name: "ae",
    about: "Autoencoder of Tikhonov & Yamshchikov, 448-64-32-4-32-64-448; learns from patterns",
    options: &[],
    train: TrainKind::Patterns(|run, patterns| {
        train(run, patterns, "Ae", Architecture::paper(), AutoencoderLoss::Reconstruction, PAPER_SCHEDULE)
    }),
    sequence: None,
};

/// The paper's variational autoencoder.
pub(super) const VAE: Kind = Kind {
    name: "vae",
    about: "The same layers as a variational autoencoder; learns from patterns",
    options: &[],
    train: TrainKind::Patterns(|run, patterns| {
        let loss = AutoencoderLoss::Variational { beta: 1.0 };
        train(run, patterns, "Vae", Architecture::paper_variational(), loss, PAPER_SCHEDULE)
    }),
    sequence: None,
};

/// The paper's adversarially constrained autoencoder.
pub(super) const ACAI: Kind = Kind {
    name: "acai",
    about: "The same layers as an adversarially constrained autoencoder (ACAI); learns from patterns",
    options: &[],
    train: TrainKind::Patterns(|run, patterns| {
        train(run, patterns, "Acai", Architecture::paper(), INTERPOLATION, PAPER_SCHEDULE)
    }),
    sequence: None,
};

/// The autoencoder that ships.
pub(super) const RESIDUAL_ACAI: Kind = Kind {
    name: "residual-acai",
    about: "ACAI with a residual decoder, as the shipped model has it; learns from patterns",
    options: &[],
    train: TrainKind::Patterns(|run, patterns| {
        train(run, patterns, "ResidualAcai", Architecture::residual(), INTERPOLATION, (20, 0.05))
    }),
    sequence: None,
};

const INTERPOLATION: AutoencoderLoss = AutoencoderLoss::Interpolation { lambda: 0.5, gamma: 0.2 };
/// Epochs, and the share of the run in which the learning rate rises.
const PAPER_SCHEDULE: (usize, f64) = (25, 0.25);

/// Trains an autoencoder and encodes the training patterns with it.
fn train(
    run: &mut Run<'_>,
    patterns: &Patterns,
    name: &str,
    architecture: Architecture,
    loss: AutoencoderLoss,
    (epochs, warm_up): (usize, f64),
) -> Result<Model> {
    let architecture = architecture.on(patterns.grid);
    // From the weights of another grid smaller steps do.
    let peak = if run.start.is_some() { 1e-3 } else { 3e-3 };
    let one_cycle = LearningRate::OneCycle { peak, warm_up };
    let critic =
        matches!(loss, AutoencoderLoss::Interpolation { .. }).then_some(LearningRate::Constant(1e-3));
    let subject = format!("{name} of {}", patterns.sha256);
    let mut recipe = Recipe::new(subject, run.epochs.unwrap_or(epochs), 256, one_cycle, run.seed);
    recipe.rates.extend(critic);
    let training = ShuffledRows(patterns.learnt());
    let validation = patterns_of(&patterns.validation());
    let start = run.start.as_ref().map(|model| adopted(model, &patterns.grid));
    let objective = AutoencoderTraining { architecture, loss, start, training, validation };
    let (trained, losses) = run.train(&objective, &recipe)?;
    let autoencoder = trained.autoencoder;
    let codes = encode(&autoencoder.encoder, &patterns_of(&patterns.training()), &patterns.grid)?;
    let provenance =
        Provenance { quality: json!({ "autoencoder": quality(&losses) }), ..run.provenance.clone() };
    let parts = ModelParts {
        kit: kit_table(&patterns.kit),
        genres: Vec::new(),
        architecture: objective.architecture.clone(),
        provenance,
        weights: autoencoder.weights(&objective.architecture),
        thresholds: None,
        codes: CodeCloud::of(codes),
        map: None,
    };
    Ok(Model::new("the trained model", parts)?)
}

/// The loss of an autoencoder beside reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
enum AutoencoderLoss {
    /// Nothing.
    Reconstruction,
    /// The divergence of the codes from a standard normal: Kingma & Welling, arXiv 1312.6114. The weight rises over the first 30 %
    /// of the run.
    Variational {
        /// The weight of the Kullback-Leibler divergence.
        beta: f32,
    },
    /// An adversarial critic that estimates how far a decoded code was interpolated: ACAI of Berthelot et al.,
    /// arXiv 1807.07543, whose letters are used.
    Interpolation {
        /// The weight of the adversarial loss, where reconstruction is a mean over cells.
        lambda: f32,
        /// The share of the true pattern in its mixture with the reconstruction, for which the critic shall
        /// estimate 0: this stabilises it.
        gamma: f32,
    },
}

/// An autoencoder, and the adversarial critic that the interpolation loss trains beside it.
#[derive(Module, Debug)]
struct AutoencoderWithCritic {
    autoencoder: Autoencoder,
    /// Estimates alpha, the interpolation coefficient of a decoded pattern, 0..0.5.
    critic: Option<Mlp>,
}

/// An autoencoder to be trained on patterns.
struct AutoencoderTraining {
    architecture: Architecture,
    loss: AutoencoderLoss,
    /// The weights to start from.
    start: Option<Weights>,
    training: ShuffledRows<Pattern>,
    validation: Vec<Pattern>,
}

/// The reconstruction loss: the sum over cells, as a mean over the batch.
fn reconstruction_loss(logits: Tensor<2>, patterns: Tensor<2>) -> Tensor<1> {
    let rows = patterns.dims()[0];
    binary_cross_entropy(logits, patterns).sum() / rows as f32
}

/// The Kullback-Leibler divergence of the codes from a standard normal, in nats, as a mean over the batch.
fn divergence(code: &EncoderOutput) -> Option<Tensor<1>> {
    let log_variance = code.log_variance.clone()?;
    let mean = code.mean.clone();
    let rows = mean.dims()[0];
    let nats = mean.square() + log_variance.clone().exp() - log_variance - 1.0; // [batch, 4]
    Some(nats.sum() * (0.5 / rows as f32))
}

impl Objective for AutoencoderTraining {
    type Model = AutoencoderWithCritic;
    type Source = ShuffledRows<Pattern>;

    fn source(&self) -> &ShuffledRows<Pattern> {
        &self.training
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<AutoencoderWithCritic> {
        let critic = matches!(self.loss, AutoencoderLoss::Interpolation { .. })
            .then(|| Mlp::initial(&[self.architecture.grid.cells(), 64, 32, 1], seed, 1, device));
        let autoencoder = match &self.start {
            Some(weights) => Autoencoder::from_weights(&self.architecture, weights, device)?,
            None => Autoencoder::initial(&self.architecture, seed, device)?,
        };
        Ok(AutoencoderWithCritic { autoencoder, critic })
    }

    fn gradients(
        &self,
        model: &AutoencoderWithCritic,
        batch: &[&Pattern],
        rng: &mut TrainingRng,
        progress: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let batch: Vec<Pattern> = batch.iter().copied().copied().collect();
        let patterns = patterns_tensor(&batch, &self.architecture.grid, &device); // [batch, cells]
        let code = model.autoencoder.encoder.forward(patterns.clone());
        match (self.loss, &model.critic) {
            (AutoencoderLoss::Variational { beta }, _) => {
                let weight = beta * (progress / 0.3).min(1.0) as f32;
                let logits = model.autoencoder.decoder.forward(reparameterised(&code, rng, &device));
                let loss = reconstruction_loss(logits, patterns);
                let loss = divergence(&code).map_or(loss.clone(), |nats| loss + nats * weight);
                Gradients::of_loss(loss, &model.autoencoder)
            }
            (AutoencoderLoss::Interpolation { lambda, gamma }, Some(critic)) => {
                interpolation(model, critic, patterns, code.mean, [lambda, gamma], rng)
            }
            _ => {
                let logits = model.autoencoder.decoder.forward(code.mean);
                Gradients::of_loss(reconstruction_loss(logits, patterns), &model.autoencoder)
            }
        }
    }

    fn validation_loss(&self, model: &AutoencoderWithCritic) -> Result<f64> {
        mean_loss(&self.validation, 1024, |batch| {
            let patterns = patterns_tensor(batch, &self.architecture.grid, &nets::device());
            let code = model.autoencoder.encoder.forward(patterns.clone());
            let logits = model.autoencoder.decoder.forward(code.mean.clone());
            let loss = reconstruction_loss(logits, patterns);
            Ok(match (self.loss, divergence(&code)) {
                (AutoencoderLoss::Variational { beta }, Some(nats)) => loss + nats * beta,
                _ => loss,
            })
        })
    }
}

/// Latents sampled from the encoder's distributions (reparameterisation).
fn reparameterised(code: &EncoderOutput, rng: &mut TrainingRng, device: &Device) -> Tensor<2> {
    let Some(log_variance) = code.log_variance.clone() else { return code.mean.clone() };
    let rows = code.mean.dims()[0];
    let noise: Vec<f32> = (0..rows * LATENT).map(|_| rng.normal()).collect();
    let noise = Tensor::<2>::from_data(TensorData::new(noise, [rows, LATENT]), device);
    code.mean.clone() + (log_variance * 0.5).exp() * noise
}

/// Equations 1 and 2 of Berthelot et al.: the critic regresses alpha, the autoencoder minimises its estimate.
fn interpolation(
    model: &AutoencoderWithCritic,
    critic: &Mlp,
    x: Tensor<2>,
    z: Tensor<2>,
    [lambda, gamma]: [f32; 2],
    rng: &mut TrainingRng,
) -> Result<Gradients> {
    let [rows, cells] = x.dims();
    let device = x.device();
    let alpha: Vec<f32> = (0..rows).map(|_| rng.between(0.0, 0.5)).collect();
    let alpha = Tensor::<2>::from_data(TensorData::new(alpha, [rows, 1]), &device); // [batch, 1]
    // Rows come in random order, so the next row is a random partner.
    let partner = z.clone().roll_dim(1, 0);
    let between = z.clone() + (partner - z.clone()) * alpha.clone(); // [batch, 4]
    let logits = model.autoencoder.decoder.forward(Tensor::cat(vec![z, between], 0)); // [2 batch, cells]
    let reconstructed = logits.clone().narrow(0, 0, rows);
    let x_alpha = sigmoid(logits.narrow(0, rows, rows));

    let estimate = critic.forward(x_alpha.clone()).square().mean();
    let loss = reconstruction_loss(reconstructed.clone(), x.clone());
    let reported = f64::from(loss.clone().try_into_scalar::<f32>()?);
    let loss = loss + estimate * (cells as f32 * lambda);
    let gradients = GradientsParams::from_grads(loss.backward(), &model.autoencoder);

    let critic_loss = (critic.forward(x_alpha.detach()) - alpha).square().mean();
    let mixed = x * gamma + sigmoid(reconstructed.detach()) * (1.0 - gamma);
    let critic_loss = critic_loss + critic.forward(mixed).square().mean();
    let critic_gradients = GradientsParams::from_grads(critic_loss.backward(), critic);
    Ok(Gradients { loss: reported, by_optimizer: vec![gradients, critic_gradients] })
}

/// General MIDI's names for the notes that are in the kit of the paper's authors and not in ours.
const OTHERS: [(u8, &str); 7] = [
    (41, "floor tom"),
    (48, "high-mid tom"),
    (58, "vibraslap"),
    (60, "high bongo"),
    (61, "low bongo"),
    (62, "mute conga"),
    (64, "low conga"),
];

/// The kit with its names: those of our own kit by note, then General MIDI's.
fn kit_table(kit: &Kit) -> KitTable {
    KitTable { names: kit.notes().map(name_of), notes: *kit.notes() }
}

fn name_of(note: u8) -> String {
    let ours = Kit::DEFAULT.notes().iter().position(|own| *own == note);
    let name = ours.map(|instrument| DEFAULT_INSTRUMENT_NAMES[instrument]);
    let other = || OTHERS.iter().find(|(own, _)| *own == note).map(|(_, name)| *name);
    name.or_else(other).map_or_else(|| format!("note {note}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instrument_is_named_by_its_note_not_by_its_index() {
        assert_eq!(kit_table(&Kit::DEFAULT), KitTable::default());
        let paper = kit_table(&Kit::PAPER).names;
        assert_eq!(
            [&paper[0], &paper[1], &paper[2], &paper[3]],
            ["kick", "snare", "closed hat", "floor tom"]
        );
        assert_eq!(name_of(99), "note 99");
    }
}

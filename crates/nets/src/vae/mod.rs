//! Variational autoencoders of whole bars: MusicVAE (Roberts et al., arXiv 1803.05428) and its kin, scaled
//! to a CPU.
//!
//! An [`encoder`] sends some bars to one latent; a decoder makes them again, and what it is makes the kind:
//! a perceptron ([`dense`]) for all steps at once, one LSTM through all steps, or a conductor with an LSTM
//! for each bar ([`recurrent`]). All of them end in the same [`classes`]. [`SequenceVae`] holds the parts.

mod classes;
mod conductor;
mod dense;
mod encoder;
mod network;
mod posterior;
mod recurrent;

pub use classes::ClassReadout;
pub use network::{History, SequenceVae, Unrolling};
pub use posterior::{LatentSpread, Posterior};
pub use recurrent::{StepDecoder, StepRows};

use beat::{PIECES, STEPS_PER_BAR};
use serde::{Deserialize, Serialize};

use crate::WeightsFault;

/// Cells of one bar: sixteen steps of nine pieces.
pub(crate) const BAR_CELLS: usize = STEPS_PER_BAR * PIECES;

/// No size of a file is larger, so that a damaged one can't ask for all memory or time.
const LARGEST: u16 = 1024;

/// What makes bars out of a latent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VaeDecoder {
    /// A perceptron for all steps at once: nothing that was played matters for what comes.
    Mlp,
    /// One LSTM through all steps, fed the latent at each.
    Flat,
    /// A conductor that makes an embedding for each bar, and an LSTM through each bar, fed that.
    Hierarchical,
}

/// The sizes of a variational autoencoder. They are small numbers, so that no file's product overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaeShape {
    /// What makes bars out of a latent.
    pub decoder: VaeDecoder,
    /// How many bars it takes and gives.
    pub bars: u16,
    /// How many numbers its latent has.
    pub latent: u16,
    /// The width of the encoder's hidden layers.
    pub encoder_width: u16,
    /// The width of the decoder's hidden layers.
    pub decoder_width: u16,
    /// How many numbers of a step speak for whole classes, beside the nine that speak for pieces.
    pub joint: u16,
    /// How many numbers the conductor of a hierarchical decoder says of a bar; others have none.
    #[serde(default)]
    pub embedding: u16,
}

impl VaeShape {
    /// Whether no size is nothing or beyond reason.
    ///
    /// # Errors
    ///
    /// All sizes, where one of them is.
    pub fn check(&self) -> Result<(), WeightsFault> {
        let Self { decoder, bars, latent, encoder_width, decoder_width, joint, embedding } = *self;
        let needed = if decoder == VaeDecoder::Hierarchical { embedding } else { 1 };
        let sizes = [bars, latent, encoder_width, decoder_width, joint, needed];
        if sizes.iter().all(|size| (1..=LARGEST).contains(size)) && embedding <= LARGEST {
            return Ok(());
        }
        let sizes = format!(
            "{bars} bars, latent {latent}, widths {encoder_width} and {decoder_width}, joint {joint}, embedding {embedding}"
        );
        Err(WeightsFault::Sizes(sizes))
    }

    /// How many steps its bars have.
    pub fn steps(&self) -> usize {
        usize::from(self.bars) * STEPS_PER_BAR
    }

    /// How many cells its bars have.
    pub fn cells(&self) -> usize {
        usize::from(self.bars) * BAR_CELLS
    }

    /// How many numbers its latent has.
    pub fn latent(&self) -> usize {
        usize::from(self.latent)
    }

    /// Names and shapes of what is trained.
    pub fn trained_arrays(&self) -> Vec<(String, Vec<usize>)> {
        let (mut layers, mut lstms) = (encoder::layers(self), encoder::lstms(self));
        match self.decoder {
            VaeDecoder::Mlp => layers.extend(dense::layers(self)),
            VaeDecoder::Flat => {}
            VaeDecoder::Hierarchical => {
                layers.extend(conductor::layers(self));
                lstms.extend(conductor::lstms(self));
            }
        }
        if self.decoder != VaeDecoder::Mlp {
            layers.extend(recurrent::layers(self));
            lstms.extend(recurrent::lstms(self));
        }
        let both = |(name, [inputs, outputs]): (String, [usize; 2])| {
            [(format!("{name}.weight"), vec![inputs, outputs]), (format!("{name}.bias"), vec![outputs])]
        };
        layers.into_iter().flat_map(both).chain(lstms).chain(classes::arrays(self)).collect()
    }

    /// Names and shapes of all its weights: what is trained, and the spread of the latents that came out.
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        self.trained_arrays().into_iter().chain(posterior::arrays(self)).collect()
    }
}

//! Inference: the networks, the latent map, sampling at a temperature, the model file.
//!
//! Everything here runs on the decode thread or in the command line, never on the audio thread: burn
//! allocates. Nothing here trains, and nothing is global, so as many decoders run in parallel as there
//! are threads.
//!
//! Pattern models work on two bars of a grid: in 4/4 32 steps of 14 instruments, 448 *cells*, `step * 14 + instrument`.
//! Sequence models work on songs in 4/4 of any length, in which a step is one of 512 *classes*: nine *pieces* of the drum kit
//! as bits.
//!
//! Where to begin: [`Model::read`] or [`Model::from_bytes`] loads and checks a model, [`BankDecoder::new`] makes
//! its decoder, and [`BankDecoder::decode`] turns settings into a bank. The crate `train` writes models: it trains
//! an [`Autoencoder`], stores its [`Weights`], fills in [`ModelParts`], and [`Model::new`] checks them.

mod architecture;
mod autoencoder;
mod bank_decoder;
mod draw;
mod error;
mod grid_reading;
mod history_head;
mod latent_map;
pub mod layers;
mod model;
mod model_bytes;
mod pattern_decoder;
mod perceptron;
mod phrase;
mod recurrent_model;
mod sampling;
mod sequence_model;
mod step_model;
mod synthetic;
mod weights;

pub use architecture::{Architecture, Code, DecoderShape, LATENT, Latent, Logits};
pub use autoencoder::{Autoencoder, Decoder, Encoder, EncoderOutput, cells_of, patterns_tensor};
pub use bank_decoder::{BankDecoder, TAKES};
pub use draw::{Draw, velocities};
pub use error::{ModelError, ModelFault};
pub use grid_reading::GridReading;
pub use history_head::{HEAD_INNER, HEAD_WIDTH, HISTORY, HistoryHead, head_arrays};
pub use latent_map::{LatentMap, MapFault, MapRegion};
pub use layers::device;
pub use model::{CodeCloud, KitTable, Model, ModelParts, Provenance};
pub use model_bytes::Precision;
pub use pattern_decoder::PatternDecoder;
pub use perceptron::{PerceptronShape, SparsePerceptron};
pub use phrase::{
    ALL_CHOICES, BarPlan, CHOICES, CHOICES_FROM, HALF, HalfBar, HalfPlan, PHRASE_BARS, PHRASE_STEPS,
    PLANNER_FEATURES, PLANNER_SHAPE, Phrase, PhraseDraw, PhraseModel, PlanContext, WRITER_FEATURES,
    WRITER_SHAPE, WriterContext, begins_with_crash, difference_class, encode_plan, encode_writer, hamming,
    theme,
};
pub use recurrent_model::{RecurrentConfig, RecurrentModel};
pub use sampling::{
    CounterRng, GenerationState, NextStepModel, RngStream, generate, probability, sample_categorical,
};
pub use sequence_model::{ONE_BAR, SequenceModel, TWO_BARS};
pub use step_model::{LAGS, STEP_FEATURES, STEP_SHAPE, StepModel, encode_step};
pub use weights::{Array, NamedShape, Weights, WeightsFault, linear_arrays};

//! Models as inference sees them: the networks, the latent map, temperature, the model file.
//!
//! Everything here runs on the decode thread or in the command line, never on the audio thread: burn
//! allocates. Nothing here trains, and nothing is global, so as many decoders run in parallel as there
//! are threads.
//!
//! The way through: [`Model::read`] or [`Model::from_bytes`] gives a model that is known to be sound,
//! [`BankDecoder::new`] makes it playable, and [`BankDecoder::decode`] turns settings into a bank. The
//! lab goes the other way: [`Autoencoder`] is what it trains, [`Weights`] is what it keeps,
//! [`ModelParts`] is what it fills in and [`Model::new`] checks.

mod architecture;
mod autoencoder;
mod bank_decoder;
mod categorical;
mod codes;
mod continuation;
mod device;
mod dice;
mod draw;
mod fault;
mod head_network;
mod history_head;
mod latent_map;
mod layers;
mod likeliest;
mod model;
mod model_bytes;
mod model_header;
mod pattern_decoder;
mod phrase;
mod recurrent;
mod song_model;
mod sparse;
mod steps;
mod synthetic;
mod vae;
mod velocity;
mod weights;

pub use architecture::{Architecture, Code, DecoderShape, LATENT, Latent};
pub use autoencoder::{Autoencoder, Coded, Decoder, Encoder, cells_of, patterns_tensor};
pub use bank_decoder::{BankDecoder, velocities};
pub use categorical::pick;
pub use codes::CodeCloud;
pub use continuation::{Walk, go_on};
pub use device::device;
pub use dice::{Dice, Stream};
pub use draw::Draw;
pub use fault::{Fault, ModelError};
pub use head_network::HeadNetwork;
pub use history_head::{HEAD_INNER, HEAD_WIDTH, HISTORY, HistoryHead, head_arrays};
pub use latent_map::{LatentMap, MapFault, Region};
pub use model::{Model, ModelParts};
pub use model_bytes::Precision;
pub use model_header::{KitTable, Provenance};
pub use pattern_decoder::{Logits, PatternDecoder, probability};
pub use phrase::{
    ALL_CHOICES, BarPlan, Before, CHOICES, CHOICES_FROM, HALF, HalfBar, HalfPlan, PHRASE_BARS, PHRASE_STEPS,
    PLAN, PLAN_SEEN, Phrase, PhraseDraw, PhraseModel, WRITE, WRITE_SEEN, Writing, differing, home, see_plan,
    see_writing,
};
pub use recurrent::{Lstm, LstmState, RecurrentModel, RecurrentNetwork, RecurrentShape, RecurrentWalk};
pub use song_model::{SongKind, SongModel};
pub use sparse::{SparseNetwork, SparseShape, SparseWalk};
pub use steps::{LAGS, STEP, STEP_SEEN, StepModel, StepWalk, see};
pub use vae::{
    ClassReadout, History, LatentSpread, Posterior, SequenceVae, StepDecoder, StepRows, Unrolling,
    VaeDecoder, VaeShape,
};
pub use weights::{Array, Weights, WeightsFault};

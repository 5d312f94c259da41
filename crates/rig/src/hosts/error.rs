//! What can go wrong between a host and a plugin.

use std::path::PathBuf;

/// Why a call of the host failed.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The file is no bundle of this format, or its library does not load.
    #[error("{path} does not load as a {format} plugin: {reason}")]
    Load {
        /// The bundle.
        path: PathBuf,
        /// CLAP or VST3.
        format: &'static str,
        /// The loader's message.
        reason: String,
    },
    /// The bundle is there, but a call to the plugin failed.
    #[error("the plugin refused to {step}: {reason}")]
    Refused {
        /// What the host wanted: "activate", "save its state", ...
        step: &'static str,
        /// The message of the plugin or its framework.
        reason: String,
    },
    /// The plugin lacks something that this host needs.
    #[error("the plugin has no {0}; the rig needs it")]
    Missing(&'static str),
    /// There is no parameter of this name.
    #[error("no parameter is called \"{name}\"; there are: {known}")]
    NoParameter {
        /// The name.
        name: String,
        /// The existing names, separated by commas.
        known: String,
    },
    /// The parameter does not understand this text.
    #[error("the parameter \"{name}\" does not understand \"{text}\"")]
    NoSuchValue {
        /// The parameter's name.
        name: String,
        /// The text that was given.
        text: String,
    },
    /// A call that needs an active plugin came while it was inactive, or the other way round.
    #[error("the plugin is {state}; {advice}")]
    State {
        /// "active" or "inactive".
        state: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A block is longer than what the plugin was activated for.
    #[error("a block of {frames} samples is longer than the {most} that the plugin was activated for")]
    BlockTooLong {
        /// Samples of the block.
        frames: u32,
        /// Samples of the setup.
        most: u32,
    },
    /// The audio thread is gone: the plugin panicked or ended it.
    #[error("the audio thread ended while it processed a block; the plugin's own message stands above")]
    AudioThreadGone,
}

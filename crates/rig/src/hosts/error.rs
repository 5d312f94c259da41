//! What can go wrong between a host and a plugin, each with a sentence that says what and where.

use std::path::PathBuf;

/// Why the host could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The file is no bundle of this format, or its library does not load.
    #[error("{path} does not load as a {format} plugin: {reason}")]
    Load {
        /// The bundle.
        path: PathBuf,
        /// CLAP or VST3.
        format: &'static str,
        /// What the loader said.
        reason: String,
    },
    /// The bundle is there, but a call to the plugin failed.
    #[error("the plugin refused to {step}: {reason}")]
    Refused {
        /// What the host wanted: "activate", "save its state", ...
        step: &'static str,
        /// What the plugin or its framework said.
        reason: String,
    },
    /// The plugin lacks something that this host needs.
    #[error("the plugin has no {0}; the rig needs it")]
    Missing(&'static str),
    /// No parameter carries this name.
    #[error("no parameter is called \"{name}\"; there are: {known}")]
    NoParameter {
        /// The name that was asked for.
        name: String,
        /// The names there are, separated by commas.
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
    #[error("a block of {frames} samples was asked for, the plugin was activated for at most {most}")]
    BlockTooLong {
        /// Samples that were asked for.
        frames: u32,
        /// Samples of the setup.
        most: u32,
    },
    /// The audio thread is gone: the plugin panicked or ended it.
    #[error("the audio thread ended while it processed a block; the plugin's own message stands above")]
    AudioThreadGone,
}

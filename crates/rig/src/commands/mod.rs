//! The verbs.

pub(crate) mod cycles;
pub(crate) mod daw;
pub(crate) mod demo;
pub(crate) mod figures;
pub(crate) mod lifecycle;
pub(crate) mod realtime;
pub(crate) mod shot;
pub(crate) mod states;

/// The formats as the command line calls them.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Choice {
    Clap,
    Vst3,
}

impl From<Choice> for rig::Format {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Clap => Self::Clap,
            Choice::Vst3 => Self::Vst3,
        }
    }
}

//! Parameters with a few named values.

use beat::{CommitMode, GridLock};
use nice_plug::prelude::Enum;

/// When a newly decoded bank may start to sound.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Commit {
    /// At the next sixteenth: the pad is an instrument.
    #[id = "step"]
    Step,
    /// At the next beat.
    #[id = "beat"]
    Beat,
    /// At the next bar.
    #[id = "bar"]
    Bar,
    /// When the two bars start over.
    #[id = "cycle"]
    Cycle,
}

impl From<Commit> for CommitMode {
    fn from(commit: Commit) -> Self {
        match commit {
            Commit::Step => Self::Step,
            Commit::Beat => Self::Beat,
            Commit::Bar => Self::Bar,
            Commit::Cycle => Self::Cycle,
        }
    }
}

/// What the two bars of a beat are laid along.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Grid {
    /// Eight beats of the song, counted from its beginning.
    #[id = "song"]
    Song,
    /// The bars of the host, whatever their length.
    #[id = "bars"]
    #[name = "Host bars"]
    HostBars,
}

impl From<Grid> for GridLock {
    fn from(grid: Grid) -> Self {
        match grid {
            Grid::Song => Self::Song,
            Grid::HostBars => Self::HostBars,
        }
    }
}

/// How the instrument knows that the host renders faster than time and every change has to be waited for.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Bounce {
    /// From what the host says where that can be trusted, else from song time that outruns the clock.
    #[id = "auto"]
    Auto,
    /// Always: the beat of every commit is exact, at the price of waiting for it.
    #[id = "exact"]
    Exact,
}

/// Which scene stands in for the puck.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum SceneChoice {
    /// None: the puck itself.
    #[id = "puck"]
    Puck,
    /// The first scene.
    #[id = "a"]
    A,
    /// The second scene.
    #[id = "b"]
    B,
    /// The third scene.
    #[id = "c"]
    C,
    /// The fourth scene.
    #[id = "d"]
    D,
}

impl SceneChoice {
    /// The scenes, in order.
    pub const SCENES: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The index of the scene, 0..4, or none for the puck.
    pub fn index(self) -> Option<usize> {
        Self::SCENES.iter().position(|scene| *scene == self)
    }
}

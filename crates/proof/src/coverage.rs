//! Coverage: how often each situation of the contract occurred in a soak.

use std::fmt;

macro_rules! situations {
    ($($name:ident $words:literal,)*) => {
        /// A situation that the contract has a rule for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Situation { $(#[doc = $words] $name,)* }

        impl Situation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in a summary.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

situations! {
    Start "starts of play",
    Linear "blocks that go on from the last",
    Seek "seeks",
    AnnouncedWrap "loop wraps at a block's start",
    InferredWrap "loop wraps inferred inside a block",
    RolledPast "blocks behind the end of a loop that the host rolled past",
    KnownToRollPast "loop ends crossed by a host known to roll past them",
    EndToCome "blocks that begin at a loop's end by rounding, the wrap still to come",
    Stopped "blocks at rest",
    Bypassed "blocks bypassed",
    Reset "resets",
    Broken "blocks with numbers that make no sense",
    PreRoll "blocks that begin before the song",
    TempoChange "blocks with a new tempo",
    NewBank "banks published",
    StepCommit "banks committed at a step",
    BeatCommit "banks committed at a beat",
    BarCommit "banks committed at a bar",
    CycleCommit "banks committed at a cycle",
    ModelChange "models changed in mid-play",
    GridChange "banks of another grid committed at a bar",
    SteppedInFour "steps of 4/4 in sixteenths",
    SteppedInThree "steps of three beats in sixteenths",
    TripletSteps "steps of triplets",
    CompoundSteps "steps of triplets along beats that divide in three",
    BarSteps "steps laid along the host's bars",
    WholeBars "steps of fitted bars as long as the pattern's",
    CutBars "steps of bars that the pattern is cut for",
    LongBars "steps of bars that the pattern is lengthened for",
    SharedBars "steps of bars that share one of the pattern's",
    FitChange "changes of time signature played through in fitted bars",
    SongSteps "steps laid along the song",
    Swung "onsets swung",
    Early "onsets before their step",
    Late "onsets behind their step by an offset",
    Held "onsets held at the start of play, a seek or a loop",
    Skipped "onsets that fell between two blocks",
    Muted "onsets muted",
    Silent "blocks with everything muted",
    Merged "onsets that met on one note",
    Restruck "notes struck again while they sounded",
    GateOff "notes ended by their gate",
    ReleasedOff "notes ended by a stop, seek, wrap or model",
    Refusal "blocks in which the host refused an event",
    Overdue "events that came a block late, having been refused",
    GivenUp "onsets that may have been given up, the host having refused for too long",
    CutShort "sessions cut short at a tie",
}

/// Counts of every situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage([u64; Situation::ALL.len()]);

impl Default for Coverage {
    fn default() -> Self {
        Self([0; Situation::ALL.len()])
    }
}

impl Coverage {
    /// Counts it once more.
    pub fn count(&mut self, situation: Situation) {
        self.0[situation as usize] += 1;
    }

    /// Adds the counts of another session.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(&other.0) {
            *sum += count;
        }
    }

    /// How often it happened.
    pub fn of(&self, situation: Situation) -> u64 {
        self.0[situation as usize]
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Situation::ALL
            .iter()
            .try_for_each(|situation| writeln!(f, "  {:>12} {}", self.of(*situation), situation.words()))
    }
}

//! Faults that can be planted in the sequencer, to show that the proof finds them. Each breaks one rule of
//! the playback contract.
//!
//! Only `crates/proof` enables the feature `faults`. Without it `Planted::is` is the constant `false`.

macro_rules! faults {
    ($($fault:ident $rule:literal $name:literal $words:literal,)*) => {
        /// A way to break the playback contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(unreachable_pub, reason = "the crate shows it where the feature is on")]
        pub enum Fault { $(#[doc = $words] $fault,)* }

        #[cfg(feature = "faults")]
        impl Fault {
            /// All of them, in the order of the rules they break.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }

            /// The rule of the contract that it breaks, 1..=13.
            pub fn rule(self) -> u8 {
                match self { $(Self::$fault => $rule,)* }
            }

            /// What a sequencer with this fault does.
            pub fn description(self) -> &'static str {
                match self { $(Self::$fault => $words,)* }
            }
        }
    };
}

faults! {
    OwnBeatCounter 1 "own-beat-counter" "counts beats across blocks instead of asking the host",
    LateSample 1 "late-sample" "rounds to the sample behind instead of the nearest",
    TiesByBlock 1 "ties-by-block" "rounds a hit half-way between two samples as the host's rounding falls",
    PlainRange 2 "plain-range" "plays the steps between a block's start and end, and remembers none",
    MissesStart 3 "misses-start" "plays from behind the start, so that a step exactly there is lost",
    ChasesSteps 3 "chases-steps" "plays the step before the start of play",
    PlaysPreRoll 3 "plays-pre-roll" "plays at positions before the song",
    HangsOnStop 4 "hangs-on-stop" "ends what sounds when play goes on instead of at the stop",
    HangsOnJump 4 "hangs-on-jump" "leaves sounding notes to their gate at a seek or a loop's wrap",
    ForgetsRefused 4 "forgets-refused" "takes a refused event for sent",
    DeafWhileRefused 4 "deaf-while-refused" "lets no sound source hear the hits of a block in which the host refused a note",
    KeepsNoteOffs 5 "keeps-note-offs" "lets notes last as long as the tempo at their start said",
    IgnoresBars 6 "ignores-bars" "lays its steps along the song though they are locked to the host's bars",
    IgnoresFit 6 "ignores-fit" "lays the pattern along bars of another length as it stands, though it is to be fitted to them",
    CutsBarEnds 6 "cuts-bar-ends" "cuts the end off a bar that is fitted to a shorter one, instead of what is ahead of its last beat",
    NeverShares 6 "never-shares" "begins a bar of the pattern with every host bar, though two that are half as long are to share one",
    ChangesGridAnyTime 6 "changes-grid-any-time" "takes a bank of another grid before the bar has ended",
    IgnoresCompound 6 "ignores-compound" "plays triplets as thirds of a beat where the host's beats divide in three",
    CommitsAnyTime 7 "commits-any-time" "takes a new bank at the next step in every commit mode",
    SeekKeepsBank 7 "seek-keeps-bank" "does not take a new bank at a start, a seek or a wrap",
    StaleBank 8 "stale-bank" "reads a step before it commits for it",
    CommitEmptiesQueue 9 "commit-empties-queue" "forgets at a commit what was decided and has not sounded",
    NeverEarly 9 "never-early" "decides each step when it comes, too late for its early onsets",
    SwingsTheBeat 9 "swings-the-beat" "delays the sixteenths on the beat instead of those between",
    OnsFirst 10 "ons-first" "sends note-ons before the note-offs of the same sample",
    NeverWraps 11 "never-wraps" "plays past the end of a loop that the host wraps inside a block",
    ForgetsWrap 11 "forgets-wrap" "plays the start of a loop again, having played it behind an inferred wrap",
    PlaysLoopEnd 11 "plays-loop-end" "plays the step at a loop's end where the host rounds its position up to it",
    IgnoresMutes 12 "ignores-mutes" "plays muted instruments",
    AlwaysChannel10 13 "always-channel-10" "sends on channel 10 whatever is set",
}

/// The fault that a sequencer has; none outside the proof.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planted(#[cfg(feature = "faults")] Option<Fault>);

#[cfg(feature = "faults")]
impl Planted {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) const fn new(fault: Fault) -> Self {
        Self(Some(fault))
    }

    pub(crate) fn is(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }
}

#[cfg(not(feature = "faults"))]
impl Planted {
    pub(crate) const NONE: Self = Self();

    pub(crate) const fn is(self, _fault: Fault) -> bool {
        false
    }
}

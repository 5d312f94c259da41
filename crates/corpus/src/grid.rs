//! The grid that a stretch of a song is played on: its metre, in sixteenths or in triplet eighths.
//!
//! A row names its grid by the signature and a letter: `4/4s` are 32 sixteenths, `4/4t` 24 triplet eighths,
//! `6/8s` 24 sixteenths.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Bars of a pattern, on every grid.
pub const PATTERN_BARS: usize = 2;
/// Steps of the longest pattern: two bars of 6/4 in sixteenths.
pub const MOST_STEPS: usize = 48;
/// Sixteenths of a quarter note.
pub(crate) const SIXTEENTHS_PER_QUARTER: usize = 4;
/// Triplet eighths of a quarter note.
const TRIPLETS_PER_QUARTER: usize = 3;
/// Hits on the triplets make a region one of triplets above this share of all.
const TRIPLET_SHARE: f64 = 0.12;
/// A hit within so much of a place is on it, in quarter notes.
const ON_PLACE_QUARTERS: f64 = 0.03;

/// A time signature: how many notes of which length fill a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metre {
    beats: u8,
    unit_log2: u8,
}

impl Metre {
    /// 4/4.
    pub const FOUR_FOUR: Self = Self { beats: 4, unit_log2: 2 };
    /// 3/4.
    pub const THREE_FOUR: Self = Self { beats: 3, unit_log2: 2 };
    /// 6/8.
    pub const SIX_EIGHT: Self = Self { beats: 6, unit_log2: 3 };
    /// 12/8, whose eighths are the triplets of 4/4.
    pub const TWELVE_EIGHT: Self = Self { beats: 12, unit_log2: 3 };

    /// The metre of `beats` notes a bar, each the `2^unit_log2`-th part of a whole note; `None` for no beats
    /// or notes shorter than a 64th.
    pub fn new(beats: u8, unit_log2: u8) -> Option<Self> {
        (beats > 0 && unit_log2 <= 6).then_some(Self { beats, unit_log2 })
    }

    /// The metre that patterns of this one are counted in: 4/4 for every bar as long (2/2, 8/8) and for
    /// half bars (2/4), else this one.
    #[must_use]
    pub fn counted(self) -> Self {
        let quarters = self.quarters();
        if quarters == 4.0 || quarters == 2.0 { Self::FOUR_FOUR } else { self }
    }

    /// The length of a bar in quarter notes.
    pub fn quarters(self) -> f64 {
        f64::from(self.beats) * 4.0 / f64::from(1_u32 << self.unit_log2)
    }

    /// Whether its beats are quarter notes, so that triplets divide them.
    fn counts_quarters(self) -> bool {
        self.unit_log2 == 2
    }
}

impl fmt::Display for Metre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.beats, 1_u32 << self.unit_log2)
    }
}

/// A text is no metre.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time signature such as 3/4 or 7/8")]
pub struct MetreError(String);

impl FromStr for Metre {
    type Err = MetreError;

    fn from_str(text: &str) -> Result<Self, MetreError> {
        let metre = || {
            let (beats, unit) = text.trim().split_once('/')?;
            let unit: u8 = unit.parse().ok().filter(|unit: &u8| unit.is_power_of_two())?;
            Self::new(beats.parse().ok()?, unit.ilog2() as u8)
        };
        metre().ok_or_else(|| MetreError(text.to_owned()))
    }
}

/// What the steps of a grid are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subdivision {
    /// Four to the quarter note.
    Sixteenths,
    /// Three to the quarter note.
    Triplets,
}

impl Subdivision {
    /// Steps of a quarter note; in 12/8 that is read as 4/4, of three eighths.
    pub const fn steps_per_quarter(self) -> usize {
        match self {
            Self::Sixteenths => SIXTEENTHS_PER_QUARTER,
            Self::Triplets => TRIPLETS_PER_QUARTER,
        }
    }
}

/// The grid of a pattern: two bars of a metre in equal steps, 1..=[`MOST_STEPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SongGrid {
    metre: Metre,
    subdivision: Subdivision,
    /// 1..=24, as metre and subdivision say.
    steps_per_bar: u8,
}

/// Why a metre has no grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGrid {
    /// Two bars have more than [`MOST_STEPS`].
    #[error("two bars have more than {MOST_STEPS} steps")]
    TooLong,
    /// A bar is no whole number of steps, or its beats are no quarter notes that triplets could divide.
    #[error("a bar is no whole number of steps")]
    Uneven,
}

impl SongGrid {
    /// Two bars of 4/4 in sixteenths: the grid of [`beat::Pattern`].
    pub const FOUR_FOUR: Self =
        Self { metre: Metre::FOUR_FOUR, subdivision: Subdivision::Sixteenths, steps_per_bar: 16 };

    /// The grid of a metre. Metres that are counted in 4/4 give that of 4/4.
    ///
    /// # Errors
    /// The metre has no such grid.
    pub fn new(metre: Metre, subdivision: Subdivision) -> Result<Self, NoGrid> {
        let metre = metre.counted();
        if subdivision == Subdivision::Triplets && !metre.counts_quarters() {
            return Err(NoGrid::Uneven);
        }
        let steps = metre.quarters() * subdivision.steps_per_quarter() as f64;
        match steps {
            steps if steps.fract() != 0.0 => Err(NoGrid::Uneven),
            steps if steps > (MOST_STEPS / PATTERN_BARS) as f64 => Err(NoGrid::TooLong),
            steps => Ok(Self { metre, subdivision, steps_per_bar: steps as u8 }),
        }
    }

    /// The grid of songs whose patterns lie on this one: shuffle is 4/4 in triplets, three 3/4 in sixteenths.
    pub fn of(grid: &beat::Grid) -> Self {
        let (metre, subdivision) = match *grid {
            beat::Grid::SHUFFLE => (Metre::FOUR_FOUR, Subdivision::Triplets),
            beat::Grid::THREE => (Metre::THREE_FOUR, Subdivision::Sixteenths),
            _ => (Metre::FOUR_FOUR, Subdivision::Sixteenths),
        };
        Self { metre, subdivision, steps_per_bar: grid.bar_steps() as u8 }
    }

    /// The grid of its patterns, if they have a field: 6/8 is read with 3/4.
    pub fn field(&self) -> Option<beat::Grid> {
        let counted = if self.metre == Metre::SIX_EIGHT { Metre::THREE_FOUR } else { self.metre };
        let own = Self { metre: counted, ..*self };
        beat::Grid::ALL.into_iter().find(|grid| Self::of(grid) == own)
    }

    /// The metre.
    pub const fn metre(&self) -> Metre {
        self.metre
    }

    /// What a step is.
    pub const fn subdivision(&self) -> Subdivision {
        self.subdivision
    }

    /// Steps of a bar, 1..=24.
    pub const fn steps_per_bar(&self) -> usize {
        self.steps_per_bar as usize
    }

    /// Steps of a pattern: two bars.
    pub const fn steps(&self) -> usize {
        PATTERN_BARS * self.steps_per_bar()
    }
}

impl Default for SongGrid {
    fn default() -> Self {
        Self::FOUR_FOUR
    }
}

impl fmt::Display for SongGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.subdivision {
            Subdivision::Sixteenths => 's',
            Subdivision::Triplets => 't',
        };
        write!(f, "{}{letter}", self.metre)
    }
}

/// A text is no grid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no grid such as 4/4s (sixteenths) or 4/4t (triplets) with at most {MOST_STEPS} steps")]
pub struct GridError(String);

impl FromStr for SongGrid {
    type Err = GridError;

    fn from_str(text: &str) -> Result<Self, GridError> {
        let grid = || {
            let (metre, subdivision) = match text.strip_suffix('s') {
                Some(metre) => (metre, Subdivision::Sixteenths),
                None => (text.strip_suffix('t')?, Subdivision::Triplets),
            };
            Self::new(metre.parse().ok()?, subdivision).ok()
        };
        grid().ok_or_else(|| GridError(text.to_owned()))
    }
}

/// How the grid of a region is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GridRule {
    /// The one that it is played on: see [`GridSelection::region`].
    Auto,
    /// Sixteenths, whatever is played.
    #[default]
    Sixteenths,
    /// Triplet eighths, whatever is played.
    Triplets,
}

/// The metres that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metres {
    /// Every one that has a grid.
    All,
    /// These, by the signature in the file or by the metre it is counted in.
    Only(Vec<Metre>),
}

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "a metre of at most {MOST_STEPS} steps in two bars"),
            Self::Only(metres) => {
                let names: Vec<String> = metres.iter().map(Metre::to_string).collect();
                write!(f, "{}", names.join(", "))
            }
        }
    }
}

/// Which regions of a song are read, and on which grid. The default is 4/4 in sixteenths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridSelection {
    /// Sixteenths or triplets.
    pub rule: GridRule,
    /// The metres.
    pub metres: Metres,
}

impl Default for GridSelection {
    fn default() -> Self {
        Self { rule: GridRule::Sixteenths, metres: Metres::Only(vec![Metre::FOUR_FOUR]) }
    }
}

/// The grid of a region, and how long its steps are there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionGrid {
    /// The grid.
    pub grid: SongGrid,
    /// The length of a step in sixteenths: 1, 4/3 for triplets, 2 for the eighths of 12/8.
    pub step_sixteenths: f64,
}

impl RegionGrid {
    fn new(metre: Metre, subdivision: Subdivision) -> Result<Self, NoGrid> {
        let (metre, sixteenths) = match (metre, subdivision) {
            (Metre::TWELVE_EIGHT, Subdivision::Triplets) => (Metre::FOUR_FOUR, 24.0),
            _ => (metre, metre.counted().quarters() * SIXTEENTHS_PER_QUARTER as f64),
        };
        let grid = SongGrid::new(metre, subdivision)?;
        Ok(Self { grid, step_sixteenths: sixteenths / grid.steps_per_bar() as f64 })
    }
}

impl GridSelection {
    /// The grid of a region of `metre` whose hits lie at `positions`, in sixteenths from its start; `None`
    /// where its metre was not chosen.
    ///
    /// [`GridRule::Auto`] takes triplet eighths where more than 12 % of the hits lie within .03 quarter
    /// notes of a third of a quarter note, and more than twice as many as on the sixteenths between the
    /// eighths; always in 12/8, whose eighths are the triplets of 4/4; never where the beats of the signature
    /// are no quarter notes.
    ///
    /// # Errors
    /// The metre has no such grid.
    pub fn region(
        &self,
        metre: Metre,
        positions: impl Iterator<Item = f64>,
    ) -> Option<Result<RegionGrid, NoGrid>> {
        let subdivision = match self.rule {
            GridRule::Sixteenths => Subdivision::Sixteenths,
            GridRule::Triplets => Subdivision::Triplets,
            GridRule::Auto if metre == Metre::TWELVE_EIGHT => Subdivision::Triplets,
            GridRule::Auto if metre.counted().counts_quarters() => played_on(positions),
            GridRule::Auto => Subdivision::Sixteenths,
        };
        let region = RegionGrid::new(metre, subdivision);
        let counted = region.map_or(metre.counted(), |region| region.grid.metre());
        let chosen = match &self.metres {
            Metres::All => true,
            Metres::Only(metres) => metres.iter().any(|&chosen| chosen == metre || chosen == counted),
        };
        chosen.then_some(region)
    }
}

/// Triplets or sixteenths, by how many hits lie on the places that only one of them has.
fn played_on(positions: impl Iterator<Item = f64>) -> Subdivision {
    let (mut hits, mut thirds, mut sixteenths) = (0_usize, 0_usize, 0_usize);
    for position in positions {
        let quarter = (position / SIXTEENTHS_PER_QUARTER as f64).rem_euclid(1.0);
        let on = |place: f64| (quarter - place).abs() <= ON_PLACE_QUARTERS;
        hits += 1;
        thirds += usize::from(on(1.0 / 3.0) || on(2.0 / 3.0));
        sixteenths += usize::from(on(0.25) || on(0.75));
    }
    if thirds as f64 > TRIPLET_SHARE * hits as f64 && thirds > 2 * sixteenths {
        Subdivision::Triplets
    } else {
        Subdivision::Sixteenths
    }
}

#[cfg(test)]
mod tests;

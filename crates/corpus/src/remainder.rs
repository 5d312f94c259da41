//! Where every drum hit went: into patterns, or into a remainder with a reason.

use std::collections::BTreeMap;

/// Why a hit is in no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Remainder {
    /// Its note belongs to no drum of the kit.
    NoDrum,
    /// It lies in a metre that was not chosen.
    OtherMetre,
    /// Two bars of its metre have more steps than a pattern may.
    LongBar,
    /// A bar of its metre is no whole number of steps.
    UnevenBar,
    /// A change of signature cuts its bar short.
    CutBar,
    /// A louder hit of the same drum is on its step: it is part of a flam or a roll.
    Flam,
    /// Its file was left out because its hits are too far from the grid.
    LooseTiming,
    /// No two bars, or no part of the wanted length, lie around it between two pauses.
    ShortPassage,
    /// The two bars around it do not recur as the rule wants.
    NotRecurring,
    /// Most of the similar performances of its two bars do not have it.
    Outvoted,
    /// The pattern around it recurs, but too little happens in it.
    Dull,
}

/// Every reason, in the order in which they are found out.
const ALL: [Remainder; 11] = [
    Remainder::NoDrum,
    Remainder::OtherMetre,
    Remainder::LongBar,
    Remainder::UnevenBar,
    Remainder::CutBar,
    Remainder::Flam,
    Remainder::LooseTiming,
    Remainder::ShortPassage,
    Remainder::NotRecurring,
    Remainder::Outvoted,
    Remainder::Dull,
];

impl Remainder {
    /// The reason in words, as the report names it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoDrum => "of no drum",
            Self::OtherMetre => "in a metre that was not chosen",
            Self::LongBar => "in bars that are too long",
            Self::UnevenBar => "in bars of no whole number of steps",
            Self::CutBar => "in a bar that a change of signature cuts short",
            Self::Flam => "quieter than another of their drum on their step (flams, rolls)",
            Self::LooseTiming => "in files of loose timing",
            Self::ShortPassage => "in passages that are too short",
            Self::NotRecurring => "in bars that do not recur",
            Self::Outvoted => "that most similar performances do not have",
            Self::Dull => "in patterns in which too little happens",
        }
    }
}

/// How many hits each remainder has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remainders([usize; ALL.len()]);

impl Remainders {
    /// Adds `hits` to a remainder.
    pub fn add(&mut self, remainder: Remainder, hits: usize) {
        self.0[remainder as usize] += hits;
    }

    /// Adds all of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (sum, hits) in self.0.iter_mut().zip(other.0) {
            *sum += hits;
        }
    }

    /// The hits of one remainder.
    pub const fn hits(&self, remainder: Remainder) -> usize {
        self.0[remainder as usize]
    }

    /// The hits of all remainders.
    pub fn sum(&self) -> usize {
        self.0.iter().sum()
    }

    /// The hits that are in no whole bar of a chosen metre.
    pub fn in_no_bar(&self) -> usize {
        use Remainder::{CutBar, LongBar, OtherMetre, UnevenBar};
        [OtherMetre, LongBar, UnevenBar, CutBar].iter().map(|remainder| self.hits(*remainder)).sum()
    }

    /// The remainders that have hits, by their reason.
    pub fn by_reason(&self) -> BTreeMap<String, usize> {
        let named = |remainder: Remainder| (remainder.reason().to_owned(), self.hits(remainder));
        ALL.into_iter().map(named).filter(|(_, hits)| *hits > 0).collect()
    }
}

/// Where the drum hits of one or more files went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HitCounts {
    /// All that were read.
    pub read: usize,
    /// Those that lie in patterns or parts: ones that were taken, or of which a rotation was taken before.
    pub in_patterns: usize,
    /// Those of files that were refused as a whole.
    pub in_refused_files: usize,
    /// The others, by reason.
    pub remainders: Remainders,
}

impl HitCounts {
    /// Adds the hits of another file.
    pub fn add_all(&mut self, other: &Self) {
        self.read += other.read;
        self.in_patterns += other.in_patterns;
        self.in_refused_files += other.in_refused_files;
        self.remainders.add_all(&other.remainders);
    }

    /// The hits of a file of `read` hits that was refused.
    pub fn refused(read: usize) -> Self {
        Self { read, in_refused_files: read, ..Self::default() }
    }

    /// How many hits are accounted for; [`Self::read`] where every one is.
    pub fn accounted(&self) -> usize {
        self.in_patterns + self.in_refused_files + self.remainders.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_remainder_has_a_place_and_a_reason_of_its_own() {
        let mut remainders = Remainders::default();
        for (index, remainder) in ALL.into_iter().enumerate() {
            assert_eq!(remainder as usize, index);
            remainders.add(remainder, index + 1);
        }
        assert_eq!(remainders.by_reason().len(), ALL.len());
        assert_eq!(remainders.sum(), ALL.len() * (ALL.len() + 1) / 2);
    }
}

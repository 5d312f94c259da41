//! The bank: takes and how they cycle. The decode thread publishes it, the audio thread plays it.

use crate::{Grid, INSTRUMENTS, Kit, MOST_STEPS, Pattern, Settings};

/// Takes that a bank has room for.
pub const MOST_TAKES: usize = 64;

/// One sampled pattern, with the velocity and time offset of each cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// Which cells sound.
    pub onsets: Pattern,
    /// MIDI velocity 1..=127 of each cell, meaningful where there is an onset.
    pub velocities: [[u8; INSTRUMENTS]; MOST_STEPS],
    /// Offset of each cell in 1/254 of a step: -127 is half a step early, 127 half a step late.
    pub offsets: [[i8; INSTRUMENTS]; MOST_STEPS],
}

impl Take {
    /// Silence.
    pub const EMPTY: Self = Self {
        onsets: Pattern::EMPTY,
        velocities: [[100; INSTRUMENTS]; MOST_STEPS],
        offsets: [[0; INSTRUMENTS]; MOST_STEPS],
    };

    /// Whether any onset comes before its step, so that steps have to be decided half a step ahead.
    pub fn anticipates(&self) -> bool {
        self.onsets.cells().any(|(step, instrument)| self.offsets[step][instrument] < 0)
    }
}

/// One to [`MOST_TAKES`] takes that were sampled at once for one [`Settings`]. Plain data of a fixed size (about
/// 64 KB, a kilobyte of it for each take in use): the audio thread that drops one frees nothing.
#[derive(Clone, Debug)]
pub struct Bank {
    takes: [Take; MOST_TAKES],
    /// How many of them there are.
    count: u8,
    /// Bit `k`: take `k` has onsets before their step. Computed once, since every step needs it.
    anticipating: u64,
    period: u8,
    grid: Grid,
    kit: Kit,
    settings: Settings,
    model: u32,
}

impl Bank {
    /// Silence, of no model. Its settings are invalid, so that it never counts as decoded for a request.
    pub const SILENT: Self = Self {
        takes: [Take::EMPTY; MOST_TAKES],
        count: 1,
        anticipating: 0,
        period: 1,
        grid: Grid::FOUR_FOUR,
        kit: Kit::DEFAULT,
        settings: Settings { revision: u32::MAX, ..Settings::DEFAULT },
        model: 0,
    };

    /// A bank of these takes, of which those beyond [`MOST_TAKES`] are left out and none at all is silence. In cycle
    /// `c` of the song plays take `c` modulo `period`, which is 1 at least and the number of takes at most.
    /// `settings` is what it was decoded for, `model` a number that changes with every model that is loaded (0 for
    /// none).
    pub fn new(takes: &[Take], period: u8, grid: Grid, kit: Kit, settings: Settings, model: u32) -> Self {
        let mut bank = Self { grid, kit, settings, model, ..Self::SILENT };
        for (index, (place, take)) in bank.takes.iter_mut().zip(takes).enumerate() {
            *place = *take;
            bank.anticipating |= u64::from(take.anticipates()) << index;
        }
        bank.count = takes.len().clamp(1, MOST_TAKES) as u8;
        bank.period = period.clamp(1, bank.count);
        bank
    }

    /// Becomes `other`. Only takes that are in use are copied.
    pub fn copy_from(&mut self, other: &Self) {
        let Self { takes, count, anticipating, period, grid, kit, settings, model } = other;
        let used = usize::from(*count);
        self.takes[..used].copy_from_slice(&takes[..used]);
        (self.count, self.anticipating, self.period) = (*count, *anticipating, *period);
        (self.grid, self.kit, self.settings, self.model) = (*grid, *kit, *settings, *model);
    }

    /// How its steps lie in time.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// All takes, one at least.
    pub fn takes(&self) -> &[Take] {
        &self.takes[..usize::from(self.count)]
    }

    /// The index of the take that plays in cycle `cycle` of the song.
    pub fn take_index(&self, cycle: i64) -> usize {
        cycle.rem_euclid(i64::from(self.period)) as usize
    }

    /// The take that plays in cycle `cycle` of the song.
    pub fn take(&self, cycle: i64) -> &Take {
        &self.takes[self.take_index(cycle)]
    }

    /// Whether the take of cycle `cycle` has onsets before their step, so that its steps have to be
    /// decided half a step ahead.
    pub fn anticipates(&self, cycle: i64) -> bool {
        self.anticipating >> self.take_index(cycle) & 1 == 1
    }

    /// After how many cycles the takes repeat, at least 1.
    pub fn period(&self) -> u8 {
        self.period
    }

    /// The notes that the instruments play.
    pub fn kit(&self) -> &Kit {
        &self.kit
    }

    /// What this bank was decoded for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Which model decoded it; 0 is none.
    pub fn model(&self) -> u32 {
        self.model
    }
}

impl PartialEq for Bank {
    /// Whether they play the same for the same settings; what lies in unused places does not count.
    fn eq(&self, other: &Self) -> bool {
        self.takes() == other.takes()
            && (self.period, self.grid, self.kit, self.settings, self.model)
                == (other.period, other.grid, other.kit, other.settings, other.model)
    }
}

impl Default for Bank {
    fn default() -> Self {
        Self::SILENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(takes: &[Take], period: u8) -> Bank {
        Bank::new(takes, period, Grid::SHUFFLE, Kit::DEFAULT, Settings::DEFAULT, 1)
    }

    #[test]
    fn every_number_of_takes_cycles_over_its_period() {
        let mut early = Take { onsets: Pattern::EMPTY.with(3, 3), ..Take::EMPTY };
        early.offsets[3][3] = -1;
        for count in 1..=MOST_TAKES {
            let mut takes = [Take::EMPTY; MOST_TAKES];
            takes[count - 1] = early;
            let bank = bank(&takes[..count], count as u8);
            assert_eq!((bank.takes().len(), usize::from(bank.period())), (count, count));
            assert!(bank.anticipates(-1) && bank.anticipates(count as i64 - 1));
            assert_eq!(bank.anticipates(0), count == 1);
        }
        assert_eq!(bank(&[early; 3], 0).period(), 1);
        assert_eq!(bank(&[early; 3], 9).period(), 3);
        assert_eq!(bank(&[], 9).takes(), [Take::EMPTY]);
        assert_eq!(bank(&[early; MOST_TAKES + 1], 255).takes().len(), MOST_TAKES);
    }

    #[test]
    fn a_copy_plays_the_same_whatever_was_there_before() {
        let hit = Take { onsets: Pattern::EMPTY.with(0, 0), ..Take::EMPTY };
        let (many, few) = (bank(&[hit; 40], 40), bank(&[Take::EMPTY, hit], 2));
        let mut copy = many.clone();
        copy.copy_from(&few);
        assert_eq!(copy, few);
        copy.copy_from(&many);
        assert_eq!(copy, many);
        assert_ne!(copy, few);
    }
}

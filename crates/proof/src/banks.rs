//! Bank fixtures: the banks that a session may publish, random except for the first three.

use beat::{Bank, Grid, INSTRUMENTS, Kit, MOST_STEPS, MOST_TAKES, Pattern, Settings, Take};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many banks there are.
pub const BANKS: usize = 48;

/// The number of the silent bank, which every instance begins with.
pub const SILENT: usize = 2;

/// Banks by number, with what the reference has to know about them.
pub struct BankFixtures {
    banks: Vec<Bank>,
    /// Per bank and take: whether an onset comes before its step.
    early: Vec<Vec<bool>>,
}

/// A kit on which several instruments share a note.
const CROWDED: [u8; INSTRUMENTS] = [36, 36, 38, 38, 42, 42, 42, 50, 50, 51, 0, 127, 36, 63];

impl BankFixtures {
    /// The banks of a soak with this seed: a kick on every beat, a kick on every step, silence, then random
    /// ones.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let banks: Vec<Bank> = (0..BANKS).map(|number| bank(number, &mut rng)).collect();
        let early = banks.iter().map(|bank| bank.takes().iter().map(has_early_onsets).collect()).collect();
        Self { banks, early }
    }

    /// These banks, all on one grid.
    #[must_use]
    pub fn on(mut self, grid: Grid) -> Self {
        for bank in &mut self.banks {
            *bank = Bank::new(bank.takes(), bank.period(), grid, *bank.kit(), *bank.settings(), bank.model());
        }
        self
    }

    /// The bank of this number.
    pub fn bank(&self, number: usize) -> &Bank {
        &self.banks[number]
    }

    /// The take that sounds in cycle `cycle`: what plays at a song position depends on nothing else.
    pub fn take(&self, number: usize, cycle: i64) -> &Take {
        &self.banks[number].takes()[self.index(number, cycle)]
    }

    /// Whether the steps of cycle `cycle` are decided half a step ahead.
    pub fn early(&self, number: usize, cycle: i64) -> bool {
        self.early[number][self.index(number, cycle)]
    }

    fn index(&self, number: usize, cycle: i64) -> usize {
        cycle.rem_euclid(i64::from(self.banks[number].period())) as usize
    }
}

fn has_early_onsets(take: &Take) -> bool {
    (0..MOST_STEPS)
        .any(|step| (0..INSTRUMENTS).any(|i| take.onsets.has(step, i) && take.offsets[step][i] < 0))
}

fn bank(number: usize, rng: &mut ChaCha8Rng) -> Bank {
    let density = [4, 64, 12, 128, 24][rng.next_u32() as usize % 5];
    let spread = [0, 0, 127, 40][rng.next_u32() as usize % 4];
    // Some banks have equal takes, so that only settings and banks matter.
    // Each grid, chosen below, has banks of each count.
    let count = [1, 8, 3, MOST_TAKES, 8, 30, 2, 7][(number + number / 8) % 8];
    let takes: Vec<Take> = match number {
        0 => vec![steady(&[0]); count],
        1 => vec![steady(&[0, 1, 2, 3]); count],
        SILENT => return Bank::SILENT,
        number if number % 5 == 0 => vec![take(density, spread, rng); count],
        // Takes differ in everything, also in whether they have early onsets.
        _ => (0..count).map(|index| take(density, [spread, 0, 127][index % 3], rng)).collect(),
    };
    let kit = match number % 4 {
        0 | 1 => Kit::DEFAULT,
        2 => Kit::PAPER,
        _ => Kit::new(CROWDED).unwrap_or_default(),
    };
    let model = 1 + (number % 4) as u32;
    // Half of the random banks are in 4/4, so that changes between equal grids stay common.
    let grid = match number {
        0..=SILENT => Grid::FOUR_FOUR,
        _ => [Grid::FOUR_FOUR, Grid::SHUFFLE, Grid::FOUR_FOUR, Grid::THREE][number / 4 % 4],
    };
    let period = [count, count, 1, count.div_ceil(2)][number / 8 % 4] as u8;
    Bank::new(&takes, period, grid, kit, Settings::DEFAULT, model)
}

/// A kick on these sixteenths of every beat.
fn steady(sixteenths: &[usize]) -> Take {
    let steps = (0..MOST_STEPS).filter(|step| sixteenths.contains(&(step % 4)));
    Take { onsets: steps.fold(Pattern::EMPTY, |pattern, step| pattern.with(step, 0)), ..Take::EMPTY }
}

/// Each cell has an onset with probability `density / 256`, moved by up to `spread / 254` steps.
fn take(density: u32, spread: i32, rng: &mut ChaCha8Rng) -> Take {
    let mut take = Take::EMPTY;
    for step in 0..MOST_STEPS {
        for instrument in 0..INSTRUMENTS {
            let word = rng.next_u32();
            if word % 256 < density {
                take.onsets = take.onsets.with(step, instrument);
            }
            take.velocities[step][instrument] = 1 + (word >> 8 & 0xFF) as u8 % 127;
            let offset = (word >> 16) as i32 % (2 * spread + 1) - spread;
            take.offsets[step][instrument] = offset as i8;
        }
    }
    take
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grid_has_banks_of_few_and_many_takes() {
        let fixtures = BankFixtures::new(7);
        for grid in Grid::ALL {
            for count in [1, 2, 3, 7, 8, 30, MOST_TAKES] {
                let is_such = |bank: &&Bank| *bank.grid() == grid && bank.takes().len() == count;
                let periods: Vec<u8> = fixtures.banks.iter().filter(is_such).map(Bank::period).collect();
                assert!(!periods.is_empty(), "{count} takes in {}", grid.name());
            }
        }
        let periods = |period| fixtures.banks.iter().any(|bank| bank.period() == period);
        assert!([1, 2, 3, 4, 7, 8, 15, 30, 64].into_iter().all(periods));
    }
}

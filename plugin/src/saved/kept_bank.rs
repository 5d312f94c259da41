//! The bank as a project keeps it, so that the song plays even where the model file is missing.

use beat::{BANK_TAKES, Bank, INSTRUMENTS, Kit, Pattern, SETTINGS_VERSION, STEPS, Settings, Take};
use serde::{Deserialize, Serialize};

/// A bank in plain numbers. Only cells with an onset have a velocity and an offset, in order of step and
/// instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptBank {
    /// By which law it was made of its settings, as [`SETTINGS_VERSION`] counts them. The first states did
    /// not say.
    #[serde(default = "first_law")]
    law: u32,
    period: u8,
    notes: Vec<u8>,
    takes: Vec<KeptTake>,
}

fn first_law() -> u32 {
    1
}

impl Default for KeptBank {
    fn default() -> Self {
        Self { law: SETTINGS_VERSION, period: 0, notes: Vec::new(), takes: Vec::new() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct KeptTake {
    onsets: Vec<u16>,
    velocities: Vec<u8>,
    offsets: Vec<i8>,
}

impl KeptBank {
    /// What has to be kept of a bank.
    pub fn of(bank: &Bank) -> Self {
        Self {
            law: SETTINGS_VERSION,
            period: bank.period(),
            notes: bank.kit().notes().to_vec(),
            takes: bank.takes().iter().map(KeptTake::of).collect(),
        }
    }

    /// The bank, as an answer to `settings`; `None` where nothing was kept, or something that is no bank.
    pub fn bank(&self, settings: Settings, model: u32) -> Option<Bank> {
        let kit = Kit::new(self.notes.clone().try_into().ok()?)?;
        let takes: Vec<Take> = self.takes.iter().map(KeptTake::take).collect::<Option<_>>()?;
        let takes: [Take; BANK_TAKES] = takes.try_into().ok()?;
        Some(Bank::new(takes, self.period, kit, settings, model))
    }

    /// Whether nothing was kept, or a bank.
    pub(super) fn is_sound(&self) -> bool {
        self.is_empty() || self.bank(Settings::DEFAULT, 0).is_some()
    }

    /// Whether this build makes another bank of the same settings and model.
    pub(super) fn is_of_another_law(&self) -> bool {
        !self.is_empty() && self.law != SETTINGS_VERSION
    }

    fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.takes.is_empty()
    }
}

/// The cells of a pattern that sound, in order.
fn cells(pattern: Pattern) -> impl Iterator<Item = (usize, usize)> {
    (0..STEPS)
        .flat_map(|step| (0..INSTRUMENTS).map(move |instrument| (step, instrument)))
        .filter(move |(step, instrument)| pattern.has(*step, *instrument))
}

impl KeptTake {
    fn of(take: &Take) -> Self {
        Self {
            onsets: take.onsets.steps().to_vec(),
            velocities: cells(take.onsets)
                .map(|(step, instrument)| take.velocities[step][instrument])
                .collect(),
            offsets: cells(take.onsets).map(|(step, instrument)| take.offsets[step][instrument]).collect(),
        }
    }

    fn take(&self) -> Option<Take> {
        let onsets = Pattern::new(self.onsets.clone().try_into().ok()?)?;
        let hits = onsets.hits() as usize;
        if self.velocities.len() != hits || self.offsets.len() != hits {
            return None;
        }
        let mut take = Take { onsets, ..Take::EMPTY };
        for (index, (step, instrument)) in cells(onsets).enumerate() {
            take.velocities[step][instrument] = self.velocities[index].clamp(1, 127);
            take.offsets[step][instrument] = self.offsets[index].max(-127);
        }
        Some(take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank() -> Bank {
        let mut take = Take::EMPTY;
        take.onsets = Pattern::EMPTY.with(0, 0).with(4, 1).with(31, 13);
        take.velocities[4][1] = 33;
        take.offsets[31][13] = -12;
        Bank::new([take; BANK_TAKES], 4, Kit::PAPER, Settings::DEFAULT, 7)
    }

    #[test]
    fn a_bank_comes_back_as_it_was() {
        let text = serde_json::to_string(&KeptBank::of(&bank())).expect("plain numbers");
        let kept: KeptBank = serde_json::from_str(&text).expect("what was written");
        assert_eq!(kept.bank(Settings::DEFAULT, 7), Some(bank()));
    }

    #[test]
    fn what_is_no_bank_is_refused() {
        assert_eq!(KeptBank::default().bank(Settings::DEFAULT, 1), None);
        let mut kept = KeptBank::of(&bank());
        kept.takes[3].onsets[5] = u16::MAX;
        assert_eq!(kept.bank(Settings::DEFAULT, 1), None, "instrument 15");
        let mut kept = KeptBank::of(&bank());
        kept.takes[0].velocities.pop();
        assert_eq!(kept.bank(Settings::DEFAULT, 1), None, "a velocity is missing");
        let mut kept = KeptBank::of(&bank());
        kept.notes[0] = 128;
        assert_eq!(kept.bank(Settings::DEFAULT, 1), None, "no MIDI note");
    }
}

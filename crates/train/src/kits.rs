//! Names of the instruments of a file's kit.

use beat::{DEFAULT_INSTRUMENT_NAMES, Kit};
use nets::KitTable;

/// General MIDI's names for the notes that are in the kit of the paper's authors and not in ours.
const OTHERS: [(u8, &str); 7] = [
    (41, "floor tom"),
    (48, "high-mid tom"),
    (58, "vibraslap"),
    (60, "high bongo"),
    (61, "low bongo"),
    (62, "mute conga"),
    (64, "low conga"),
];

/// The kit with its names: those of our own kit by note, then General MIDI's.
pub(crate) fn named(kit: &Kit) -> KitTable {
    KitTable { names: kit.notes().map(name_of), notes: *kit.notes() }
}

fn name_of(note: u8) -> String {
    let ours = Kit::DEFAULT.notes().iter().position(|own| *own == note);
    let name = ours.map(|instrument| DEFAULT_INSTRUMENT_NAMES[instrument]);
    let other = || OTHERS.iter().find(|(own, _)| *own == note).map(|(_, name)| *name);
    name.or_else(other).map_or_else(|| format!("note {note}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instrument_is_named_by_its_note_not_by_its_index() {
        assert_eq!(named(&Kit::DEFAULT), KitTable::default());
        let paper = named(&Kit::PAPER).names;
        assert_eq!(
            [&paper[0], &paper[1], &paper[2], &paper[3]],
            ["kick", "snare", "closed hat", "floor tom"]
        );
        assert_eq!(name_of(99), "note 99");
    }
}

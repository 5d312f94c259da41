//! The nine pieces: what models of time see of a step.

use crate::INSTRUMENTS;

/// Kick, snare, closed and open hat, low, mid and high tom, crash, ride: the nine classes of drums that
/// Magenta's DrumsRNN tells apart.
pub const PIECES: usize = 9;

/// What a step can be: any of the nine pieces, hit or not.
pub const CLASSES: usize = 1 << PIECES;

/// The piece that stands for each instrument of the default kit, as DrumsRNN merges General MIDI: rim, clap
/// and cowbell are snares, the shaker a closed hat, other percussion a mid tom.
pub const PIECE_OF: [u8; INSTRUMENTS] = [0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 5];

/// The instrument of the default kit that plays each piece.
pub const INSTRUMENT_OF: [u8; PIECES] = [0, 1, 4, 5, 6, 7, 8, 9, 10];

/// The class of a step of the default kit, 0..[`CLASSES`]: bit `p` is a hit of piece `p`.
pub fn class_of(step: u16) -> u16 {
    let hits = (0..INSTRUMENTS).filter(|instrument| step >> instrument & 1 == 1);
    hits.fold(0, |class, instrument| class | 1 << PIECE_OF[instrument])
}

/// The step of the default kit that plays a class.
pub fn step_of(class: u16) -> u16 {
    let pieces = (0..PIECES).filter(|piece| class >> piece & 1 == 1);
    pieces.fold(0, |step, piece| step | 1 << INSTRUMENT_OF[piece])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_played_by_an_instrument_that_stands_for_it() {
        for class in 0..CLASSES as u16 {
            assert_eq!(class_of(step_of(class)), class);
        }
        let rim_and_shaker = 1 << 2 | 1 << 12;
        assert_eq!(class_of(rim_and_shaker), 1 << 1 | 1 << 2, "they count as snare and closed hat");
    }
}

//! The fourteen drums by note of the General MIDI percussion map. Any thread.

/// The instrument (0..14, in the order of the default kit) closest to the drum that General MIDI has on
/// `note`; `None` for notes without one.
pub fn instrument_of_note(note: u8) -> Option<usize> {
    let instrument = match note {
        35 | 36 => 0,                                // kicks
        38 | 40 => 1,                                // snares
        31 | 37 | 75..=77 => 2,                      // sticks, rim, claves, wood blocks
        39 => 3,                                     // clap
        42 | 44 => 4,                                // closed and pedal hat
        46 => 5,                                     // open hat
        41 | 43 | 45 => 6,                           // floor and low toms
        47 | 48 => 7,                                // mid toms
        50 => 8,                                     // high tom
        49 | 52 | 55 | 57 => 9,                      // crash, china, splash
        51 | 53 | 59 => 10,                          // ride, bell
        56 | 67 | 68 | 80 | 81 => 11,                // cowbell, agogos, triangles
        54 | 58 | 69 | 70 | 73 | 74 | 82 | 83 => 12, // tambourine, vibraslap, shakers, guiro, bells
        60..=66 | 71 | 72 | 78 | 79 => 13,           // bongos, congas, timbales, whistles, cuicas
        _ => return None,
    };
    Some(instrument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::{INSTRUMENTS, Kit};

    #[test]
    fn the_default_kit_plays_itself_and_the_papers_kit_plays_whole() {
        for instrument in 0..INSTRUMENTS {
            assert_eq!(instrument_of_note(Kit::DEFAULT.note(instrument)), Some(instrument));
            assert!(instrument_of_note(Kit::PAPER.note(instrument)).is_some());
        }
        assert!((0..=u8::MAX).filter_map(instrument_of_note).all(|instrument| instrument < INSTRUMENTS));
    }
}

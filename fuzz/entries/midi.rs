//! Any bytes as a MIDI file, read, quantised and cut into patterns.

use corpus::grid::{GridRule, GridSelection, Metres};
use corpus::loops::{Keep, patterns_of};
use corpus::midi::{DrumChannels, Limits, read, read_parts};
use corpus::notes::NoteTable;
use corpus::quantise::QuantisedSong;

/// Every hit has a finite position and a valid note, whatever channels are drums; limits hold; every rule finds
/// whole patterns.
pub(crate) fn midi(bytes: &[u8]) {
    let few = Limits { events: 100, hits: 10, ..Limits::default() };
    if let Ok(reading) = read(bytes, DrumChannels::Any, &few) {
        assert!(reading.parts.iter().all(|part| part.hits.len() <= 10 && part.tempos.len() <= 10));
    }
    let Ok(parts) = read_parts(bytes) else { return };
    for part in &parts {
        let placed = |step: f64| step.is_finite() && step >= 0.0;
        assert!(part.hits.iter().all(|hit| placed(hit.step) && hit.note < 128));
        assert!(part.hits.iter().all(|hit| (1..128).contains(&hit.velocity)));
        assert!(part.hits.is_sorted_by(|a, b| a.step <= b.step));
        assert!(part.time_signatures.iter().all(|signature| placed(signature.step) && signature.beats > 0));
        assert!(part.tempos.iter().all(|tempo| placed(tempo.step) && tempo.micros_per_beat > 0));
        assert!(placed(part.length_steps) && part.hits.iter().all(|hit| hit.step <= part.length_steps));
    }
    for notes in [NoteTable::Gm, NoteTable::Roland] {
        let Ok(song) = QuantisedSong::of(&parts, notes) else { continue };
        let steps: usize = song.passages.iter().map(|passage| passage.steps.len()).sum();
        assert!(steps <= corpus::quantise::MOST_BARS * 16 && steps.is_multiple_of(16));
        let grids = GridSelection { rule: GridRule::Auto, metres: Metres::All };
        if let Ok(any_grid) = QuantisedSong::on_grids(&parts, notes, &grids) {
            patterns_of(&any_grid.passages, Keep::Every);
        }
        for keep in [Keep::InARow, Keep::Recurring, Keep::Majority, Keep::Every] {
            assert!(patterns_of(&song.passages, keep).len() <= steps / 16);
        }
    }
}

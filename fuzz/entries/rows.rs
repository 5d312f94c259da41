//! Any bytes as a file of pattern rows.

use corpus::rows::{Layout, read_grooves_from, read_patterns_from, write_grooves_to, write_patterns_to};
use std::path::Path;

/// What is read can be written, and reads the same again.
pub(crate) fn rows(bytes: &[u8]) {
    let name = Path::new("patterns.tsv");
    grooves(name, bytes);
    let Ok(read) = read_patterns_from(name, &beat::Grid::FOUR_FOUR, bytes) else { return };
    assert!(!read.rows.is_empty());
    let with_numbers = |wanted: bool| if wanted { read.rows.len() } else { 0 };
    assert_eq!(read.latents.len(), with_numbers(matches!(read.layout, Layout::Samples | Layout::Paper)));
    assert_eq!(read.points.len(), with_numbers(read.layout == Layout::Paper));
    assert!(
        read.latents.iter().flatten().chain(read.points.iter().flatten()).all(|number| number.is_finite())
    );
    if read.layout == Layout::Patterns {
        let mut written = Vec::new();
        write_patterns_to(name, &mut written, &read.rows)
            .expect("what was read from columns fits into columns");
        let again = read_patterns_from(name, &beat::Grid::FOUR_FOUR, &*written)
            .expect("what was written can be read");
        assert_eq!(again.rows, read.rows);
        assert!(again.rejected.is_empty());
    }
}

/// The same for patterns on any grid, with what is played.
fn grooves(name: &Path, bytes: &[u8]) {
    let Ok(read) = read_grooves_from(name, bytes) else { return };
    for groove in &read.grooves {
        assert_eq!(groove.steps.len(), groove.grid.steps());
        let onsets = groove.hits();
        let counts = groove.played.as_ref().map(|played| (played.velocities.len(), played.offsets.len()));
        assert!(counts.is_none_or(|counts| counts == (onsets, onsets)));
    }
    let mut written = Vec::new();
    write_grooves_to(name, &mut written, &read.grooves, Layout::Grooves)
        .expect("what was read from columns fits into columns");
    let again = read_grooves_from(name, &*written).expect("what was written can be read");
    assert_eq!(again.grooves, read.grooves);
    assert!(again.rejected.is_empty());
}

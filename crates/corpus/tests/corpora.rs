//! The pipeline on real music. `cargo xtask test` runs it where BEATFIELD_CORPORA names the folder of the corpora.

use std::path::PathBuf;

use corpus::extract::{Extraction, Extractor, Options, Selection};
use corpus::filter::{PatternSet, passes};
use corpus::loops::Keep;
use corpus::rows::{Layout, read_patterns};
use corpus::split::is_held_out;

/// The corpora.
fn corpora() -> PathBuf {
    std::env::var_os("BEATFIELD_CORPORA").expect("BEATFIELD_CORPORA names the folder of the corpora").into()
}

fn extract(midi: Vec<PathBuf>, keep: Keep) -> Extraction {
    let options = Options {
        midi,
        notes: None,
        selection: Selection::Patterns(keep),
        genres: None,
        max_error_steps: None,
    };
    Extractor::open(options).unwrap().run(&|| {}, &|| false)
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn groove_and_freedoom_give_patterns_and_every_file_is_accounted_for() {
    let corpora = corpora();
    let Extraction { rows, report, .. } =
        extract(vec![corpora.join("groove"), corpora.join("freedoom")], Keep::Recurring);
    assert!(rows.len() > 400, "{} rows", rows.len());
    assert!(rows.iter().all(|row| passes(&row.pattern)));
    assert_eq!(PatternSet::of(rows.iter().map(|row| &row.pattern)).len(), rows.len(), "unique under shifts");
    let rejected: usize = report.rejected.values().map(Vec::len).sum();
    assert!(rejected < report.files_found / 20, "{rejected} of {} rejected", report.files_found);
    let on_the_one = rows.iter().filter(|row| row.pattern.has(0, 0)).count();
    assert!(on_the_one * 2 > rows.len(), "the kick is where the bar begins: {on_the_one} of {}", rows.len());
    let error = report.mean_quantisation_error_steps.unwrap();
    assert!((0.05..0.2).contains(&error), "{error}");
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn groove_by_majority_gives_about_two_thousand_clean_beats_of_its_own_split() {
    let corpora = corpora();
    let Extraction { rows, report, .. } = extract(vec![corpora.join("groove")], Keep::Majority);
    assert!((1_500..2_500).contains(&rows.len()), "{} rows", rows.len());
    assert_eq!(report.files_found, 1_150);
    assert!(rows.iter().all(|row| row.song.starts_with("groove/")));
    let held_out = rows.iter().filter(|row| is_held_out(&row.song)).count();
    assert!(held_out > 50 && held_out * 4 < rows.len(), "{held_out} of {} held out", rows.len());
    assert!(report.patterns_by_genre.len() >= 10, "{:?}", report.patterns_by_genre);
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn the_large_set_reads_without_a_rejected_line_and_passes_its_own_filter() {
    let corpora = corpora();
    let read = read_patterns(&corpora.join("web/patterns.tsv")).unwrap();
    assert_eq!((read.layout, read.rows.len(), read.rejected.len()), (Layout::Patterns, 40_831, 0));
    let passing = read.rows.iter().filter(|row| passes(&row.pattern)).count();
    assert!(passing * 10 > read.rows.len() * 9, "{passing} pass");
    let held_out = read.rows.iter().filter(|row| is_held_out(&row.song)).count();
    assert!((3_000..5_500).contains(&held_out), "{held_out} held out");
}

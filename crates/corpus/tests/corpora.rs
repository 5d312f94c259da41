//! The pipeline on real music. `cargo xtask test` runs it where BEATFIELD_CORPORA names the folder of the corpora.

use std::path::PathBuf;

use corpus::extract::{Extraction, Extractor, Options, Selection};
use corpus::filter::{PatternSet, passes, steps_pass};
use corpus::grid::{GridRule, GridSelection, Metres};
use corpus::loops::Keep;
use corpus::rows::{Layout, read_grooves, read_patterns};
use corpus::split::is_held_out;

/// The corpora.
fn corpora() -> PathBuf {
    std::env::var_os("BEATFIELD_CORPORA").expect("BEATFIELD_CORPORA names the folder of the corpora").into()
}

fn extract(midi: Vec<PathBuf>, keep: Keep) -> Extraction {
    let options = Options { midi, selection: Selection::Patterns(keep), ..Options::default() };
    Extractor::open(options).unwrap().run(&|| {}, &|| false)
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn groove_and_freedoom_give_patterns_and_every_file_is_accounted_for() {
    let corpora = corpora();
    let Extraction { rows, report, .. } =
        extract(vec![corpora.join("groove"), corpora.join("freedoom")], Keep::Recurring);
    assert!(rows.len() > 400, "{} rows", rows.len());
    assert!(rows.iter().all(|row| steps_pass(&row.steps)));
    let mut unique = PatternSet::default();
    assert!(rows.iter().all(|row| unique.insert_steps(row.grid, &row.steps)), "unique under shifts");
    let rejected: usize = report.rejected.values().map(Vec::len).sum();
    assert!(rejected < report.files_found / 20, "{rejected} of {} rejected", report.files_found);
    let on_the_one = rows.iter().filter(|row| row.has(0, 0)).count();
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
    let read = read_patterns(&corpora.join("web/patterns.tsv"), &beat::Grid::FOUR_FOUR).unwrap();
    assert_eq!((read.layout, read.rows.len(), read.rejected.len()), (Layout::Patterns, 40_831, 0));
    let passing = read.rows.iter().filter(|row| passes(&row.pattern, &beat::Grid::FOUR_FOUR)).count();
    assert!(passing * 10 > read.rows.len() * 9, "{passing} pass");
    let held_out = read.rows.iter().filter(|row| is_held_out(&row.song)).count();
    assert!((3_000..5_500).contains(&held_out), "{held_out} held out");
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn songs_are_read_on_every_grid_that_they_are_played_on_and_every_hit_is_accounted_for() {
    let corpora = corpora();
    let options = Options {
        midi: vec![corpora.join("groove"), corpora.join("freedoom")],
        grids: GridSelection { rule: GridRule::Auto, metres: Metres::All },
        layout: Layout::Grooves,
        ..Options::default()
    };
    let Extraction { rows, report, .. } = Extractor::open(options).unwrap().run(&|| {}, &|| false);
    // A script of its own, over another library's reading of the files, counts the same.
    let by_grid = [
        ("3/4s", 43),
        ("4/4s", 443),
        ("4/4t", 38),
        ("5/4s", 8),
        ("6/4s", 10),
        ("6/8s", 4),
        ("7/8s", 29),
        ("9/8s", 5),
    ];
    let found: Vec<(&str, usize)> =
        report.patterns_by_grid.iter().map(|(grid, patterns)| (grid.as_str(), *patterns)).collect();
    assert_eq!(found, by_grid);
    let onsets = |row: &corpus::rows::grooves::Groove| {
        row.played.as_ref().map(|played| (played.velocities.len(), played.offsets.len()))
    };
    assert!(rows.iter().all(|row| onsets(row) == Some((row.hits(), row.hits()))));
    let hits = report.hits;
    let accounted = hits.in_patterns + hits.in_refused_files + hits.remainders.values().sum::<usize>();
    assert_eq!((hits.read, accounted), (603_415, 603_415));
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn the_drummers_of_groove_play_about_23_ms_from_the_grid() {
    let midi = vec![corpora().join("groove")];
    let options = Options { midi, selection: Selection::Performances, ..Options::default() };
    let Extraction { rows, report, .. } = Extractor::open(options).unwrap().run(&|| {}, &|| false);
    let test = &report.offsets["test"];
    assert!((test.mean_ms - 22.65).abs() < 0.3, "{} ms over {} onsets", test.mean_ms, test.onsets);
    let performed = rows.iter().filter_map(|row| row.played.as_ref()?.performance.as_ref());
    assert!(performed.clone().count() == rows.len() && rows.len() > 20_000);
    assert!(performed.clone().all(|window| window.player.starts_with("drummer") && window.style != "-"));
}

#[test]
#[ignore = "`cargo xtask test` runs it where BEATFIELD_CORPORA names the corpora"]
fn the_grooves_of_the_web_read_without_a_rejected_line_and_pass_their_own_rule() {
    let read = read_grooves(&corpora().join("web/grooves.tsv.gz")).unwrap();
    assert_eq!((read.layout, read.grooves.len(), read.rejected.len()), (Layout::Grooves, 44_712, 0));
    let mut known = PatternSet::default();
    for groove in &read.grooves {
        assert!(steps_pass(&groove.steps) && known.insert_steps(groove.grid, &groove.steps));
        let (first, second) = groove.steps.split_at(groove.grid.steps_per_bar());
        assert!([first, second].iter().all(|bar| bar.iter().any(|&step| step != 0)));
        assert!(groove.played.as_ref().is_some_and(|played| played.occurrences >= 3));
    }
    let in_triplets = read.grooves.iter().filter(|groove| groove.grid.to_string() == "4/4t").count();
    assert_eq!(in_triplets, 3_762);
}

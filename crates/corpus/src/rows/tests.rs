use super::*;
use std::fs;
use std::path::PathBuf;

fn with_file(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patterns.tsv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn code(first: u16) -> String {
    format!("{first}{}", ",0".repeat(31))
}

#[test]
fn what_is_written_is_read_again() {
    let (_folder, path) = with_file("what was there before");
    let rows: Vec<Row> = (0..50_u16)
        .map(|n| Row {
            pattern: Pattern::EMPTY.with(usize::from(n) % 32, usize::from(n) % 14).with(31, 13),
            genre: if n % 3 == 0 { UNKNOWN_GENRE.into() } else { "hip-hop".into() },
            song: format!("folder/song {n}.mid"),
            metre: Metre::FOUR_FOUR,
        })
        .collect();
    write_patterns(&path, &rows).unwrap();
    let read = read_patterns(&path, &beat::Grid::FOUR_FOUR).unwrap();
    assert_eq!((read.layout, read.kit), (Layout::Patterns, Kit::DEFAULT));
    assert_eq!(read.rows, rows);
    assert!(read.rejected.is_empty());
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let (folder, path) = with_file("old");
    let (genre, song) = ("a\tb".into(), "s".into());
    let bad = Row { pattern: Pattern::EMPTY, genre, song, metre: Metre::FOUR_FOUR };
    assert!(matches!(write_patterns(&path, &[bad]), Err(WriteError::Column { .. })));
    let broken = write_atomically(&path, |_| Err(std::io::Error::other("disk full")));
    assert!(broken.unwrap_err().to_string().contains("disk full"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays behind");
}

/// A folder in the place of the file: the reason was printed twice.
#[test]
fn a_chain_of_errors_says_once_why_a_file_was_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_patterns(folder.path(), &[]).unwrap_err();
    assert!(error.to_string().contains("could not be written: "), "{error}");
    assert!(std::error::Error::source(&error).is_none(), "{error:?}");
}

#[test]
fn the_papers_data_comes_with_its_kit_latents_and_points() {
    let line = format!("{}\t0.5,-1.25,2,3e-1\t10.5,-3\n", code(16383));
    let (_folder, path) = with_file(line.repeat(2));
    let read = read_patterns(&path, &beat::Grid::FOUR_FOUR).unwrap();
    assert_eq!((read.layout, read.kit), (Layout::Paper, Kit::PAPER));
    assert_eq!(read.latents, [[0.5, -1.25, 2.0, 0.3]; 2]);
    assert_eq!(read.points, [[10.5, -3.0]; 2]);
    assert_eq!(read.rows[1].song, "paper/2");
    assert_eq!(read.rows[1].genre, UNKNOWN_GENRE);
}

#[test]
fn samples_have_latents_only() {
    let (_folder, path) = with_file(format!("{}\t1,2,3,4\r\n", code(1)));
    let read = read_patterns(&path, &beat::Grid::FOUR_FOUR).unwrap();
    assert_eq!((read.layout, read.latents.len(), read.points.len()), (Layout::Samples, 1, 0));
}

#[test]
fn bad_lines_are_named_and_the_good_ones_kept() {
    let mut content = Vec::new();
    let good = format!("{}\trock\tsong\n", code(3));
    let bad = [
        ("rock\n".to_owned(), "no TAB"),
        (format!("{}\trock\tsong\n", code(16384)), "16384 or above"),
        (format!("{},0\trock\tsong\n", code(1)), "33 steps"),
        ("1,2,x\trock\tsong\n".to_owned(), "step 2"),
        (format!("{}\trock\n", code(1)), "neither genre"),
        (format!("{}\t1,2,3,4\n", code(1)), "began with"),
        (format!("{}\t1,2,3,NaN\n", code(1)), "neither genre"),
        ("1".repeat(20_000) + "\n", "longer than"),
        ("\n".to_owned(), "no TAB"),
        // The fuzzer found this one: it could be read, but not be written.
        (format!("{}\tro\rck\tsong\n", code(1)), "control character"),
    ];
    for (line, _) in &bad {
        content.extend_from_slice(good.as_bytes());
        content.extend_from_slice(line.as_bytes());
    }
    content.extend_from_slice(b"\xff\xfe\trock\tsong");
    let (_folder, path) = with_file(content);
    let read = read_patterns(&path, &beat::Grid::FOUR_FOUR).unwrap();
    assert_eq!(read.rows.len(), bad.len());
    assert_eq!(read.rejected.len(), bad.len() + 1);
    for (index, (rejected, (_, reason))) in read.rejected.iter().zip(&bad).enumerate() {
        assert_eq!(rejected.line, 2 * index + 2);
        assert!(rejected.reason.contains(reason), "{rejected} should say {reason}");
    }
    assert!(read.rejected[bad.len()].reason.contains("UTF-8"));
}

#[test]
fn a_file_without_patterns_is_refused_with_its_name() {
    let (_folder, path) = with_file("hello\nworld\n");
    let message = read_patterns(&path, &beat::Grid::FOUR_FOUR).unwrap_err().to_string();
    assert!(message.contains("patterns.tsv") && message.contains("line 1"), "{message}");
    let (_folder, path) = with_file("");
    assert!(matches!(read_patterns(&path, &beat::Grid::FOUR_FOUR), Err(ReadError::Empty { .. })));
    assert!(matches!(
        read_patterns(&path.join("absent"), &beat::Grid::FOUR_FOUR),
        Err(ReadError::File { .. })
    ));
}

/// A line of a groove with its velocities and offsets, and what follows them.
fn groove_line(grid: &str, steps: usize, feel: &str) -> String {
    format!("{grid}\t5{}\trock\ta/song\t{feel}", ",0".repeat(steps - 1))
}

fn read_line(line: &str) -> Result<Groove, String> {
    match read_grooves_from(Path::new("grooves.tsv"), line.as_bytes()) {
        Ok(mut read) => Ok(read.grooves.remove(0)),
        Err(ReadError::NoPattern { first, .. }) => Err(first.reason),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_groove_says_its_grid_and_how_it_is_played() {
    let groove = read_line(&groove_line("4/4t", 24, "7\t96.5\t127,30\t-50,12")).unwrap();
    assert_eq!((groove.grid.to_string().as_str(), groove.steps.len()), ("4/4t", 24));
    let played = groove.played.unwrap();
    assert_eq!((played.occurrences, played.tempo), (7, 96.5));
    assert_eq!((played.velocities, played.offsets), (vec![127, 30], vec![-50, 12]));
    let performed =
        read_line(&groove_line("6/8s", 24, "1\t100\t1,2\t0,0\tdrummer1\tfunk/a\tbeat\t12")).unwrap();
    let performance = performed.played.unwrap().performance.unwrap();
    assert_eq!((performance.player.as_str(), performance.beats), ("drummer1", 12.0));
    assert_eq!(read_line(&groove_line("3/4s", 24, "-\t-\t-\t-")).unwrap().played, None);
}

#[test]
fn a_damaged_groove_says_what_is_wrong() {
    let check = |line: String, reason: &str| {
        let found = read_line(&line).unwrap_err();
        assert!(found.contains(reason), "{found} should say {reason}");
    };
    check(groove_line("4/4s", 24, "7\t96\t1,2\t0,0"), "24 steps, expected 32");
    check(groove_line("4/5s", 24, "7\t96\t1,2\t0,0"), "no grid such as");
    check(groove_line("4/4t", 24, "7\t96\t1,2"), "8 columns");
    check(groove_line("4/4t", 24, "7\t96\t1,2\t0,0\ta\tb"), "8 or 12");
    check(groove_line("4/4t", 24, "0\t96\t1,2\t0,0"), "1 or more");
    check(groove_line("4/4t", 24, "1\tinf\t1,2\t0,0"), "tempo");
    check(groove_line("4/4t", 24, "1\t96\t1\t0,0"), "2 velocities");
    check(groove_line("4/4t", 24, "1\t96\t0,2\t0,0"), "2 velocities");
    check(groove_line("4/4t", 24, "1\t96\t1,2\t0,51"), "2 offsets");
    check(groove_line("4/4t", 24, "1\t96\t1,2\t0,0,0"), "2 offsets");
}

#[test]
fn grooves_come_back_as_they_were_written_packed_or_not() {
    let lines = [
        groove_line("4/4s", 32, "7\t96.5\t127,30\t-50,12"),
        groove_line("4/4t", 24, "1\t100\t1,2\t0,0\tdrummer1\tfunk/a\tbeat\t12.25"),
        groove_line("3/4s", 24, "-\t-\t-\t-"),
    ];
    let grooves: Vec<Groove> = lines.iter().map(|line| read_line(line).unwrap()).collect();
    let (folder, path) = with_file("");
    for path in [path.clone(), folder.path().join("grooves.tsv.gz")] {
        write_grooves(&path, &grooves, Layout::Grooves).unwrap();
        let read = read_grooves(&path).unwrap();
        assert_eq!((read.layout, read.grooves), (Layout::Grooves, grooves.clone()));
        let patterns = read_patterns(&path, &beat::Grid::FOUR_FOUR).unwrap();
        assert_eq!((patterns.rows.len(), patterns.other_grids), (1, 2), "training takes 4/4 in sixteenths");
    }
    assert_eq!(fs::read_to_string(&path).unwrap().lines().collect::<Vec<_>>(), lines);
    // The old layout can't say a grid.
    assert!(matches!(write_grooves(&path, &grooves, Layout::Patterns), Err(WriteError::Grid { .. })));
    write_grooves(&path, &grooves[..1], Layout::Patterns).unwrap();
    let old = read_grooves(&path).unwrap();
    assert_eq!((old.layout, old.grooves[0].played.is_none()), (Layout::Patterns, true));
    write_grooves(&path, &grooves[1..], Layout::Grooves).unwrap();
    assert!(matches!(
        read_patterns(&path, &beat::Grid::FOUR_FOUR),
        Err(ReadError::OtherGrids { lines: 2, .. })
    ));
}

use std::fs;
use std::path::Path;

use super::*;
use crate::intake::tests::{write_tar_gz, write_zip};
use crate::midi::tests::{TrackBytes, file, song};
use crate::split::is_held_out;

/// Two bars that pass the filter, three times: one recurring pattern.
const ROCK: &str = "K.h.S.h.K.hkS.h.|K.h.S.hkK.h.S.s.";
/// Another one, and the first one two steps later.
const FUNK: &str = "K.hkShhkh.kkShhs|K.hkS.hkh.k.Shss";
const SHIFTED_ROCK: &str = "h.S.h.K.hkS.h.K.|h.S.hkK.h.S.s.K.";

fn thrice(tab: &str) -> Vec<u8> {
    song(&tab.repeat(3))
}

fn options(midi: &Path) -> Options {
    Options {
        midi: vec![midi.to_owned()],
        selection: Selection::Patterns(Keep::InARow),
        ..Options::default()
    }
}

fn extract(options: Options) -> Extraction {
    Extractor::open(options).unwrap().run(&|| {}, &|| false)
}

fn folder_of(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn good_files_give_rows_and_bad_ones_a_reason_each() {
    let waltz = TrackBytes::default().meter(0, 3, 2).hit(0, 36).end();
    let truncated = &thrice(ROCK)[..100];
    let folder = folder_of(&[
        ("rock/1.mid", &thrice(ROCK)),
        ("funk/2.mid", &thrice(FUNK)),
        ("bad/cut.mid", truncated),
        ("bad/text.mid", b"hello"),
        ("bad/empty.mid", b""),
        ("bad/none.mid", &file(1, 480, &[])),
        ("bad/piano.mid", &file(0, 480, &[TrackBytes::default().event(0, &[0x90, 60, 9]).end()])),
        ("bad/waltz.mid", &file(0, 480, &[waltz])),
        ("bad/zip.zip", b"PK no zip"),
    ]);
    let Extraction { rows, report, damaged, .. } = extract(options(folder.path()));
    let genres: Vec<_> = rows.iter().map(|row| row.genre.as_str()).collect();
    assert_eq!(genres, ["funk", "rock"]);
    assert_eq!((report.files_found, report.files_read, report.patterns), (8, 4, 2));
    let headings: Vec<_> =
        report.rejected.iter().map(|(heading, files)| (heading.as_str(), files.len())).collect();
    let expected = [
        ("damaged", 1),
        ("no drums", 1),
        ("no tracks", 1),
        ("not MIDI", 2),
        ("other metre", 1),
        ("unreadable", 1),
    ];
    assert_eq!(headings, expected);
    assert_eq!(damaged.len(), 5);
    assert!(
        damaged.iter().any(|(path, reason)| path.ends_with("cut.mid") && reason.contains("the file ends"))
    );
    assert_eq!(report.other_metre_files, 1);
    assert_eq!(report.hits.remainders["in a metre that was not chosen"], 1);
    assert!(report.rejected["other metre"][0].reason.ends_with("hits are not in 4/4"));
    assert_eq!(report.mean_quantisation_error_steps, Some(0.0));
}

#[test]
fn a_pattern_is_written_once_whatever_its_shift_and_stays_bar_aligned() {
    let folder = folder_of(&[("1.mid", &thrice(ROCK)), ("2.mid", &thrice(SHIFTED_ROCK))]);
    let extraction = extract(options(folder.path()));
    assert_eq!(extraction.rows.len(), 1);
    assert!(extraction.rows[0].has(0, 0), "the kick is where the bar begins");
    assert!(extraction.report.known_patterns >= 1);
}

#[test]
fn dull_patterns_are_dropped() {
    let folder = folder_of(&[("1.mid", &thrice("k...k...k...k...|k...k...k...k..."))]);
    let extraction = extract(options(folder.path()));
    assert_eq!((extraction.rows.len(), extraction.report.dull_patterns), (0, 1));
}

#[test]
fn the_same_files_give_the_same_rows_from_folder_zip_and_tar_gz() {
    let songs: Vec<(String, Vec<u8>)> = (0..60)
        .map(|number: usize| {
            let mut tab: Vec<char> = FUNK.replace('|', "").chars().collect();
            tab[number % 32] = 's';
            tab[number * 7 % 32] = 'S';
            (format!("x/{number:02}.mid"), thrice(&tab.iter().collect::<String>()))
        })
        .collect();
    let entries: Vec<(&str, &[u8])> = songs.iter().map(|(name, bytes)| (&name[..], &bytes[..])).collect();
    let folder = folder_of(&[]);
    let pack = folder.path().join("pack");
    for (name, bytes) in &entries {
        fs::create_dir_all(pack.join("x")).unwrap();
        fs::write(pack.join(name), bytes).unwrap();
    }
    let (zip, tar) = (folder.path().join("pack.zip"), folder.path().join("pack.tar.gz"));
    write_zip(&zip, &entries);
    write_tar_gz(&tar, &entries);
    let rows = extract(options(&pack)).rows;
    assert!(rows.len() > 20, "{}", rows.len());
    assert_eq!(extract(options(&zip)).rows, rows);
    assert_eq!(extract(options(&tar)).rows, rows);
    assert_eq!(extract(options(&pack)).report, extract(options(&pack)).report);
}

#[test]
fn groove_brings_its_genres_its_split_and_its_pads() {
    let info = "id,style,midi_filename,split\nd/1,funk/groove1,d/1.mid,test\nd/2,rock,d/2.mid,train\n";
    // Note 58 is a tom's rim on a Roland pad and percussion in General MIDI.
    let steps = [(0, 36), (2, 42), (3, 58), (4, 38), (7, 42), (8, 36), (10, 58), (12, 38), (14, 42)];
    let mut track = TrackBytes::default();
    for bar in 0..6 {
        for (step, note) in steps {
            track = track.hit((bar * 16 + step) * 120, note);
        }
    }
    let toms = file(0, 480, &[track.end()]);
    let folder = folder_of(&[
        ("groove/info.csv", info.as_bytes()),
        ("groove/d/1.mid", &toms),
        ("groove/d/2.mid", &thrice(ROCK)),
        ("other/3.mid", &thrice(FUNK)),
    ]);
    let rows = extract(options(folder.path())).rows;
    let found: Vec<_> =
        rows.iter().map(|row| (row.genre.as_str(), row.song.contains("groove/test/d/1"))).collect();
    assert_eq!(found, [("funk", true), ("rock", false), ("other", false)]);
    assert!(is_held_out(&rows[0].song) && !is_held_out(&rows[1].song));
    assert!(rows[0].has(3, 6) && !rows[0].has(3, 13));
    let gm = extract(Options { notes: Some(NoteTable::Gm), ..options(folder.path()) }).rows;
    assert!(gm[0].has(3, 13) && !gm[0].has(3, 6));
}

#[test]
fn a_song_id_that_would_break_the_columns_costs_only_its_file() {
    let info = "id,style,midi_filename,split\nd\t1,funk,d/1.mid,test\nd/2,rock,d/2.mid,train\n";
    let folder = folder_of(&[
        ("groove/info.csv", info.as_bytes()),
        ("groove/d/1.mid", &thrice(FUNK)),
        ("groove/d/2.mid", &thrice(ROCK)),
    ]);
    let Extraction { rows, report, .. } = extract(options(folder.path()));
    assert_eq!(rows.len(), 1);
    assert_eq!(report.rejected["unreadable"].len(), 1);
    crate::rows::write_grooves(&folder.path().join("out.tsv"), &rows, Layout::Patterns).unwrap();
}

/// Opening a pipe waits for ever; a device, which gives a test no such trouble, stands for it here.
#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_left_out_unopened() {
    let folder = folder_of(&[("1.mid", &thrice(ROCK))]);
    for name in ["a.mid", "a.zip", "a.tar.gz", "info.csv"] {
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(name)).unwrap();
    }
    let Extraction { rows, damaged, .. } = extract(options(folder.path()));
    assert_eq!((rows.len(), damaged.len()), (1, 4));
    assert!(damaged.iter().all(|(_, reason)| reason.contains("no plain file")), "{damaged:?}");
}

#[test]
fn a_table_of_genres_comes_first_and_may_name_folders() {
    let folder = folder_of(&[
        ("in/a/1.mid", &thrice(ROCK)),
        ("in/b/2.mid", &thrice(FUNK)),
        ("genres.csv", b"a\tHard Rock\n\n./b/2.mid,Funk \n"),
        ("bad.csv", b"a,rock\nwhat\n"),
    ]);
    let with = |table: &str| Options {
        genres: Some(folder.path().join(table)),
        ..options(&folder.path().join("in"))
    };
    let genres: Vec<_> = extract(with("genres.csv")).rows.into_iter().map(|row| row.genre).collect();
    assert_eq!(genres, ["hard rock", "funk"]);
    let error = Extractor::open(with("bad.csv")).err().unwrap().to_string();
    assert!(error.contains("bad.csv") && error.contains("line 2"), "{error}");
}

#[test]
fn an_interrupted_run_keeps_what_was_finished() {
    let bytes = thrice(ROCK);
    let names: Vec<String> = (0..400).map(|number| format!("{number}.mid")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &bytes[..])).collect();
    let folder = folder_of(&files);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let extraction = Extractor::open(options(folder.path())).unwrap().run(
        &|| {
            done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        },
        &|| done.load(std::sync::atomic::Ordering::SeqCst) > 2,
    );
    assert!(extraction.report.interrupted);
    assert!((3..400).contains(&extraction.report.files_read), "{}", extraction.report.files_read);
    assert_eq!(extraction.rows.len(), 1);
    assert_eq!(extraction.report.inputs[0].sha256, None);
}

#[test]
fn loose_timing_is_left_out_where_a_limit_is_set() {
    let swung = (0..96).fold(TrackBytes::default(), |track, step: u64| {
        track.hit(step * 120 + if step % 2 == 1 { 40 } else { 0 }, if step % 8 == 4 { 38 } else { 42 })
    });
    let folder = folder_of(&[("1.mid", &file(0, 480, &[swung.end()]))]);
    let limit = |limit| extract(Options { max_error_steps: limit, ..options(folder.path()) }).report;
    assert_eq!(limit(None).mean_quantisation_error_steps, Some(0.1667));
    assert_eq!(limit(Some(0.1)).rejected["loose timing"].len(), 1);
    assert!(limit(Some(0.2)).rejected.is_empty());
}

#[test]
fn parts_are_the_song_as_it_goes_with_its_genre() {
    let folder = folder_of(&[("rock/1.mid", &thrice(ROCK)), ("funk/2.mid", &song(FUNK))]);
    let selection = Selection::Parts { bars: 4 };
    let Extraction { rows, parts, report, .. } = extract(Options { selection, ..options(folder.path()) });
    let of: Vec<_> = parts.iter().map(|part| (part.genre.as_str(), part.bars())).collect();
    assert_eq!(of, [("rock", 4)], "six bars hold one part, two bars hold none");
    assert_eq!(parts[0].steps[..32], parts[0].steps[32..], "the two bars come twice");
    assert_eq!((rows.len(), report.patterns, report.files_without_pattern), (0, 1, 1));
}

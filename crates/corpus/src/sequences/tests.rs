//! A song comes back as it was written, and what is no song is named.

use beat::INSTRUMENTS;

use super::*;
use crate::rows::ReadError;

fn sequence(song: &str, bars: usize) -> Sequence {
    let steps = (0..bars * STEPS_PER_BAR).map(|step| (step * 37 % (1 << INSTRUMENTS)) as u16).collect();
    Sequence { genre: "rock".to_owned(), song: song.to_owned(), steps }
}

#[test]
fn songs_come_back_as_they_were_written_packed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let songs = [sequence("a", 1), sequence("b/é", 60)];
    for name in ["songs.tsv", "songs.tsv.gz"] {
        let path = folder.path().join(name);
        write_sequences(&path, &songs).unwrap();
        let read = read_sequences(&path).unwrap();
        assert_eq!((read.sequences.as_slice(), read.rejected.len()), (songs.as_slice(), 0), "{name}");
    }
    let [plain, packed] = ["songs.tsv", "songs.tsv.gz"].map(|name| folder.path().join(name));
    assert!(std::fs::metadata(packed).unwrap().len() < std::fs::metadata(plain).unwrap().len());
}

#[test]
fn a_bad_line_is_named_and_the_good_ones_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("songs.tsv");
    let bar = ["1"; 16].join(",");
    let lines = [
        format!("rock\ta\t{bar} {bar}"),
        format!("rock\tb\t{bar} 1,2,3"),
        format!("rock\tc\t{}", bar.replacen('1', "16384", 1)),
        format!("rock\t\t{bar}"),
        "1,0,16".to_owned(),
        format!("\td\t{bar}"),
    ];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let read = read_sequences(&path).unwrap();
    let songs: Vec<_> =
        read.sequences.iter().map(|s| (s.genre.as_str(), s.song.as_str(), s.bars())).collect();
    assert_eq!(songs, [("rock", "a", 2), ("-", "d", 1)]);
    let reasons: Vec<String> = read.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(reasons[0], "line 2: bar 1 has 3 steps, expected 16");
    assert_eq!(reasons[1], "line 3: bar 0 has the step \"16384\", expected an integer in 0..16384");
    assert_eq!(reasons.len(), 4);
}

#[test]
fn a_file_without_songs_is_an_error_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.tsv");
    std::fs::write(&path, "").unwrap();
    assert!(matches!(read_sequences(&path), Err(ReadError::Empty { .. })));
    std::fs::write(&path, [0x1f, 0x8b, 0, 1, 2]).unwrap();
    assert!(matches!(read_sequences(&path), Err(ReadError::File { .. })));
    std::fs::write(&path, "no song\n").unwrap();
    assert!(matches!(read_sequences(&path), Err(ReadError::NoPattern { lines: 1, .. })));
}

#[test]
fn parts_follow_each_other_from_the_start_of_a_passage() {
    let passage = |bars: usize| Passage { steps: (0..bars * STEPS_PER_BAR).map(|s| s as u16).collect() };
    let parts = parts_of(&[passage(5), passage(1), passage(2)], 2);
    let firsts: Vec<_> = parts.iter().map(|part| (part[0], part.len())).collect();
    assert_eq!(firsts, [(0, 32), (32, 32), (0, 32)]);
}

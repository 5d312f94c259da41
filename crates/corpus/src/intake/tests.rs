use std::fs;
use std::io::Write;

use super::*;
use crate::midi::tests::song;

const ROCK: &str = "K.h.S.h.K.h.S.h.";

pub(crate) fn write_zip(path: &Path, entries: &[(&str, &[u8])]) {
    let mut archive = ::zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in entries {
        archive.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

pub(crate) fn write_tar_gz(path: &Path, entries: &[(&str, &[u8])]) {
    let packed = flate2::write::GzEncoder::new(fs::File::create(path).unwrap(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

/// Every document as (collection's label, path, its bytes or the reason why not).
fn fed(intake: &Intake) -> Vec<(String, String, Result<Vec<u8>, String>)> {
    let mut all = Vec::new();
    let flow = intake.feed(&mut |document| {
        let label = intake.collections[document.collection].label.clone();
        let bytes = match document.content {
            Content::File(path) => Ok(fs::read(path).unwrap()),
            Content::Bytes(bytes) => Ok(bytes),
            Content::Unreadable(reason) => Err(reason),
        };
        all.push((label, document.path, bytes));
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    all
}

fn paths(intake: &Intake) -> Vec<String> {
    fed(intake).into_iter().map(|(label, path, _)| format!("{label}: {path}")).collect()
}

#[test]
fn folders_and_the_archives_in_them_are_read_in_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("loops");
    fs::create_dir_all(root.join("b/deep")).unwrap();
    let midi = song(ROCK);
    for name in ["b/deep/2.MID", "b/1.mid", "a.rmi", "b/._1.mid", "readme.txt"] {
        fs::write(root.join(name), &midi).unwrap();
    }
    write_zip(&root.join("pack.zip"), &[("z.mid", &midi), ("in/a.mid", &midi), ("cover.jpg", b"x")]);
    write_tar_gz(&root.join("b/old.tar.gz"), &[("./q/2.mid", &midi), ("q/1.kar", &midi), ("notes", b"")]);
    let intake = Intake::open(std::slice::from_ref(&root)).unwrap();
    assert_eq!(
        paths(&intake),
        [
            "loops: a.rmi",
            "loops: b/1.mid",
            "loops: b/deep/2.MID",
            "old: q/2.mid",
            "old: q/1.kar",
            "pack: in/a.mid",
            "pack: z.mid"
        ]
    );
    assert!(fed(&intake).iter().all(|(_, _, bytes)| bytes.as_ref() == Ok(&midi)));
    assert_eq!((intake.files(), intake.other_files), (7, 4));
    assert!(intake.unlisted.is_empty());
}

#[test]
fn song_ids_do_not_collide_nor_pretend_to_be_groove() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x/groove/test", "y/pack", "z/pack"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("1.mid"), song(ROCK)).unwrap();
    }
    let intake =
        Intake::open(&["x/groove", "y/pack", "z/pack"].map(|name| folder.path().join(name))).unwrap();
    let songs: Vec<_> = intake.collections.iter().map(|collection| collection.song("test/1.mid")).collect();
    assert_eq!(songs, ["groove-files/test/1.mid", "pack/test/1.mid", "pack-2/test/1.mid"]);
}

#[test]
fn long_names_in_a_tar_archive_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.tgz");
    let name = format!("{}/song.mid", "a very long folder name/".repeat(12).trim_end_matches('/'));
    write_tar_gz(&path, &[(&name, &song(ROCK)), ("short.mid", &song(ROCK))]);
    let intake = Intake::open(&[path]).unwrap();
    assert_eq!(paths(&intake), [format!("long: {name}"), "long: short.mid".into()]);
}

#[test]
fn an_entry_that_unpacks_to_too_much_is_refused_and_the_rest_read() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = vec![0; LARGEST_FILE_BYTES as usize + 1];
    let entries: [(&str, &[u8]); 2] = [("a bomb.mid", &bomb), ("song.mid", &song(ROCK))];
    write_zip(&folder.path().join("1.zip"), &entries);
    write_tar_gz(&folder.path().join("2.tgz"), &entries);
    let documents = fed(&Intake::open(&[folder.path().to_owned()]).unwrap());
    let refused: Vec<_> = documents.iter().filter_map(|(.., bytes)| bytes.as_ref().err()).collect();
    assert_eq!((documents.len(), refused.len()), (4, 2));
    assert!(refused.iter().all(|reason| reason.contains("8388609 bytes")), "{refused:?}");
}

#[test]
fn an_entry_that_lies_about_its_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("liar.zip");
    write_zip(&path, &[("bomb.mid", &vec![0; LARGEST_FILE_BYTES as usize + 1])]);
    let mut bytes = fs::read(&path).unwrap();
    let truth = (LARGEST_FILE_BYTES as u32 + 1).to_le_bytes();
    let places: Vec<_> = (0..bytes.len() - 4).filter(|&at| bytes[at..at + 4] == truth).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    fs::write(&path, bytes).unwrap();
    let documents = fed(&Intake::open(&[path]).unwrap());
    assert!(matches!(&documents[..], [(_, _, Err(_))]), "{documents:?}");
}

#[test]
fn every_truncated_archive_is_told_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let (zip, tgz) = (folder.path().join("a.zip"), folder.path().join("a.tar.gz"));
    let entries: [(&str, &[u8]); 2] = [("1.mid", &song(ROCK)), ("2.mid", &song(ROCK))];
    write_zip(&zip, &entries);
    write_tar_gz(&tgz, &entries);
    for path in [zip, tgz] {
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let intake = Intake::open(std::slice::from_ref(&path)).unwrap();
            let unreadable = fed(&intake).iter().filter(|(.., bytes)| bytes.is_err()).count();
            let found = intake.files();
            // The last bytes of a tar are padding: what is cut off there is no loss.
            assert!(unreadable + intake.unlisted.len() > 0 || found == 2, "{}: {length}", path.display());
        }
    }
}

#[test]
fn a_path_that_is_not_there_is_an_error_with_its_name() {
    let message = Intake::open(&["no such folder".into()]).unwrap_err().to_string();
    assert!(message.contains("no such folder"), "{message}");
}

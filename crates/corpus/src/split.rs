//! Which songs are held out from training. The split is by song, not by row, because patterns of one song are
//! nearly equal.

use sha2::{Digest, Sha256};

/// One song in this many is held out.
const HELD_OUT_ONE_IN: u32 = 10;

/// Whether the song is held out from training.
///
/// A performance of the Groove MIDI Dataset carries the split of its info.csv in its id
/// (see [`groove_song`]), and `test` is held out. Any other song is held out where the first 4 bytes of
/// sha256(song id), big-endian, are divisible by 10.
pub fn is_held_out(song: &str) -> bool {
    if let Some(split) = groove_split(song) {
        return split == "test";
    }
    let digest = Sha256::digest(song.as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]).is_multiple_of(HELD_OUT_ONE_IN)
}

/// The song id of a Groove performance: `groove/<split>/<id of info.csv>`, such as
/// `groove/test/drummer1/eval_session/1`. No other song id may start with `groove/`.
pub fn groove_song(split: &str, id: &str) -> String {
    format!("groove/{split}/{id}")
}

/// The split that a Groove song id carries, if it is one.
fn groove_split(song: &str) -> Option<&str> {
    let (split, _) = song.strip_prefix("groove/")?.split_once('/')?;
    ["train", "validation", "test"].contains(&split).then_some(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groove_keeps_its_published_split() {
        assert!(is_held_out(&groove_song("test", "drummer1/eval_session/1")));
        for number in 0..40 {
            assert!(!is_held_out(&groove_song("train", &format!("drummer1/session1/{number}"))));
            assert!(!is_held_out(&groove_song("validation", &format!("drummer1/session1/{number}"))));
        }
    }

    #[test]
    fn other_songs_are_held_out_by_hash() {
        // First 4 bytes of `printf ID | sha256sum` in decimal: 3750228880, 3044051270, 259853918.
        assert!(is_held_out("w000797fa28"));
        assert!(is_held_out("song-0"));
        assert!(!is_held_out("w00030ebf1e"));
    }
}

//! Genres under one spelling: the sources of patterns name the same music differently.

use corpus::rows::UNKNOWN_GENRE;

/// What a source calls a genre, and what it is called here. The names are those of the web patterns;
/// the Groove MIDI Dataset writes its own without a space, and some collections lie in folders whose
/// names say nothing about the music.
const SPELLINGS: [(&str, &str); 9] = [
    ("afrocuban", "afro-cuban"),
    ("hiphop", "hip-hop"),
    ("hip hop", "hip-hop"),
    ("middleeastern", "middle-eastern"),
    ("music", UNKNOWN_GENRE),
    ("musics", UNKNOWN_GENRE),
    ("neworleans", "new-orleans"),
    ("r&b", "rnb"),
    ("rock'n'roll", "rock-n-roll"),
];

/// The one name of a genre, whatever its source calls it.
pub(crate) fn common_name(genre: &str) -> &str {
    SPELLINGS
        .iter()
        .find(|(spelling, _)| genre.eq_ignore_ascii_case(spelling))
        .map_or(genre, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_genre_has_one_name_however_it_is_spelt() {
        assert_eq!(common_name("hiphop"), "hip-hop");
        assert_eq!(common_name("Hip Hop"), "hip-hop");
        assert_eq!(common_name("hip-hop"), "hip-hop");
        assert_eq!(common_name("musics"), UNKNOWN_GENRE);
        assert_eq!(common_name("polka"), "polka");
        // A name is final: no spelling leads to another spelling.
        assert!(SPELLINGS.iter().all(|(_, name)| common_name(name) == *name));
    }
}

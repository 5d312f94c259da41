//! Genres under one spelling: the sources of patterns name the same music differently.

use corpus::rows::UNKNOWN_GENRE;

/// Other spellings of genres and their names here. The names are those of the web patterns; the Groove MIDI
/// Dataset omits spaces, and some collections lie in folders whose names are no genres.
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

/// The name of a genre, given any of its spellings.
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

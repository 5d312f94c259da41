//! Metres: the field for the host's time signature, changes of it, and metres that stay.

use rig::{HostError, Recording, Session};

use super::sessions::{assert_clean, blocks, bounce, each_format, note_list, play_busily, plays_live};

/// Two bars of 4/4, two of 3/4, one of 12/8, in quarter notes.
const CHANGES: [(u16, u16, f64); 3] = [(4, 4, 8.0), (3, 4, 6.0), (12, 8, 6.0)];

/// Plays through the changes.
fn through(session: &mut Session<'_>, metre: &str) -> Result<(), HostError> {
    play_busily(session)?;
    session.set_text("Metre", metre)?;
    session.transport().play();
    for (beats, unit, length) in CHANGES {
        session.transport().set_time_signature(beats, unit);
        session.render_beats(length, blocks(480))?;
    }
    session.transport().stop();
    session.render(64)
}

/// The places of notes between two positions, in parts of a beat from the first, and how many there are.
fn places(recording: &Recording, from: f64, to: f64, parts: f64) -> Vec<f64> {
    let inside = recording.notes.iter().filter(|note| (from - 0.05..to - 0.05).contains(&note.start_beats));
    inside.map(|note| (note.start_beats - from) * parts).collect()
}

fn all_whole(places: &[f64]) -> bool {
    !places.is_empty() && places.iter().all(|place| (place - place.round()).abs() < 1e-3)
}

#[test]
fn a_song_that_changes_its_time_signature_is_followed_live_as_in_a_bounce() {
    each_format(|instance| {
        let recording = bounce(instance, |session| through(session, "Auto"));
        assert_clean(&recording, 60);
        let [four, three, twelve] =
            [(0.0, 8.0), (8.0, 14.0), (14.0, 20.0)].map(|(from, to)| places(&recording, from, to, 4.0));
        assert!(all_whole(&four) && all_whole(&three));
        assert!(
            all_whole(&twelve.iter().map(|place| place / 2.0).collect::<Vec<_>>()),
            "eighths: {twelve:?}"
        );
        assert!(four.iter().any(|place| place.round() as i64 % 2 == 1), "sixteenths");
        plays_live(instance, |session| through(session, "Auto"), &recording);
    });
}

/// The same bars of 12/8, and thirds of a beat in 4/4.
#[test]
fn a_shuffle_stays_a_shuffle_in_any_time_signature() {
    each_format(|instance| {
        let recording = bounce(instance, |session| through(session, "Shuffle"));
        assert_clean(&recording, 40);
        let thirds = places(&recording, 0.0, 8.0, 3.0);
        assert!(all_whole(&thirds), "{thirds:?}");
        assert!(thirds.iter().any(|place| place.round() as i64 % 3 == 2), "the swung eighth");
        let eighths = places(&recording, 14.0, 20.0, 2.0);
        assert!(all_whole(&eighths), "{eighths:?}");
    });
}

/// In 4/4 nothing changes with the metre that follows the host.
#[test]
fn in_four_a_metre_that_follows_the_host_is_four() {
    each_format(|instance| {
        let mut played = |metre: &str| {
            let recording = bounce(instance, |session| {
                play_busily(session)?;
                session.set_text("Metre", metre)?;
                session.transport().play();
                session.render_beats(16.0, blocks(333))?;
                session.transport().stop();
                session.render(64)
            });
            assert_clean(&recording, 60);
            note_list(&recording)
        };
        assert_eq!(played("Auto"), played("4/4"));
        assert_ne!(played("Auto"), played("Three"));
    });
}

//! What the window looks like, as kept paint lists.
//!
//! Bless new ones with `BEATFIELD_BLESS=1 cargo test -p beatfield --lib editor::tests::looks`, and look at the
//! window itself too (`cargo xtask shot`).

use std::path::Path;

use beat::{Bank, Kit, Locks, Playhead, Settings, Take};

use super::Studio;
use super::painted::painted;

/// A beat as a drummer writes it down, the same in both bars; a letter x is a hit.
fn bank(rows: &[(usize, &str)], number: u32) -> Bank {
    let mut take = Take::EMPTY;
    for (instrument, row) in rows {
        for (step, _) in row.chars().enumerate().filter(|(_, letter)| *letter == 'x') {
            take.onsets = take.onsets.with(step, *instrument).with(step + 16, *instrument);
            take.velocities[step + 16][*instrument] = 64;
        }
    }
    Bank::new([take; 8], 4, Kit::DEFAULT, Settings::DEFAULT, number)
}

const ROCK: [(usize, &str); 3] = [(0, "x.......x.x....."), (1, "....x.......x..."), (4, "x.x.x.x.x.x.x.x.")];
const SON: [(usize, &str); 2] = [(2, "x..x..x...x.x..."), (0, "x.......x.......")];

/// A window with a composed beat: what a network makes of its numbers is not the window's affair.
fn studio(size: [f32; 2]) -> Studio {
    let mut studio = Studio::of_size(size);
    studio.stage.show(|scene| scene.add(2, bank(&ROCK, 1), 0));
    studio.harness.run();
    studio
}

fn play(studio: &Studio, step: usize) {
    studio.meters.show_committed(2);
    studio.meters.show_transport(true, false);
    studio.meters.show_playhead(Some(Playhead { step, cycle: 1 }));
}

fn check(name: &str, studio: &Studio) {
    let found = painted(studio.harness.output());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/editor/tests/looks");
    let path = folder.join(name).with_extension("txt");
    if std::env::var_os("BEATFIELD_BLESS").is_some() {
        std::fs::write(&path, &found).expect("the golden file can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the golden file is there: bless it");
    for (number, (found, kept)) in found.lines().zip(kept.lines()).enumerate() {
        assert_eq!(
            found,
            kept,
            "line {} of {name}.txt; the head of looks.rs says how to bless it",
            number + 1
        );
    }
    assert_eq!(found.lines().count(), kept.lines().count(), "as many lines as {name}.txt");
}

#[test]
fn the_first_look() {
    check("first-look", &studio([960.0, 860.0]));
}

#[test]
fn playing_with_an_orbit_and_held_steps() {
    let mut studio = studio([960.0, 860.0]);
    studio.click("orbit");
    let locks = Locks::NONE.with(2, 3, Some(true)).with(8, 0, Some(false)).with(4, 1, Some(true));
    studio.params.saved.set_shape(&studio.params.saved.shape().with_locks(locks).with_rotation(1));
    play(&studio, 9);
    studio.stage.show(|scene| scene.add(3, bank(&SON, 1), 2));
    studio.harness.run();
    check("playing", &studio);
}

#[test]
fn silent_and_why() {
    let mut studio = Studio::of_size([960.0, 860.0]);
    studio.stage.show(|scene| {
        *scene = crate::display::Scene::default();
        scene.problem = Some("mine.safetensors is no model: the file ends after 12 bytes".into());
    });
    studio.harness.run();
    check("silent", &studio);
}

#[test]
fn a_narrow_window() {
    check("narrow", &studio([560.0, 900.0]));
}

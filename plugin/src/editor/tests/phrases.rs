//! Phrases and what is carried on.

use super::Studio;

#[test]
fn phrase_is_one_gesture_and_comes_back_with_undo() {
    let mut studio = Studio::open();
    studio.click("phrase");
    assert!(studio.params.settings().phrase);
    studio.click("undo");
    assert!(!studio.params.settings().phrase);
}

#[test]
fn what_sounds_is_carried_on_until_the_player_goes_back_or_elsewhere() {
    let mut studio = Studio::open();
    let settings = studio.params.settings();
    let place = [settings.x, settings.y];
    let first = studio.stage.scene().newest().map(|bank| bank.takes()[0].onsets);
    studio.click("continue");
    let carried = studio.params.saved.shape().continuation_at(place).copied();
    assert_eq!(carried.map(|carried| (Some(carried.pattern), carried.take)), Some((first, 0)));
    studio.set(|params| &params.x, 0.9);
    assert_eq!(studio.params.saved.shape().continuation_at([0.9, settings.y]), None);
    studio.set(|params| &params.x, settings.x);
    studio.wait();
    studio.click("back");
    assert_eq!(studio.params.saved.shape().continuation, None);
    studio.click("undo");
    assert_eq!(studio.params.saved.shape().continuation_at(place).copied(), carried);
}

#[test]
fn what_is_carried_on_stays_where_it_was_drawn_under_a_rotation() {
    let mut studio = Studio::open();
    let drawn = studio.stage.scene().newest().map(|bank| bank.takes()[0].onsets);
    studio.params.saved.set_shape(&beat::Shape::NONE.with_rotation(5));
    studio.harness.run();
    studio.click("continue");
    // The studio's bank is not decoded anew: what is shown counts as turned by five.
    let carried = studio.params.saved.shape().continuation.map(|carried| carried.pattern);
    assert_eq!(carried, drawn.map(|drawn| drawn.rotated(5)));
}

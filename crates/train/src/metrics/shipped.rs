//! Tests of the shipped model's figures that need no corpus. The bounds are a little below what was measured;
//! `assets/README.md` has the full table.

use beat::{Grid, Pattern};
use nets::{Draw, Latent, Model, PatternDecoder};

use corpus::filter::PatternSet;

use super::figures::{figures, pad_figures};
use crate::latents::{LatentSource, draw_latents, draw_patterns};

/// Each third line of the pad's grid: a ninth of the time, and still every region.
const STRIDE: usize = 3;

fn shipped() -> Model {
    let bytes = include_bytes!("../../../../assets/beatfield.safetensors");
    Model::from_bytes("beatfield.safetensors", bytes).expect("the shipped model is sound")
}

#[test]
fn every_point_of_the_pad_is_a_beat_and_neighbours_are_alike() {
    let model = shipped();
    let map = model.map().expect("the shipped model has its map");
    let lines = || (STRIDE / 2..map.side()).step_by(STRIDE);
    let places: Vec<Latent> =
        lines().flat_map(|row| lines().map(move |column| map.grid()[row * map.side() + column])).collect();
    let cells = PatternDecoder::new(&model).patterns(&places, |_| Draw::LIKELIEST);
    let pad = pad_figures(&cells, lines().count(), &PatternSet::default(), &Grid::FOUR_FOUR);
    assert!(pad.figures.pass >= 97.0 && pad.figures.empty == 0.0, "{pad:?}");
    // Three cells apart; side by side it is 4.2 and 14.
    assert!(pad.neighbours_mean <= 11.0 && pad.neighbours_95 <= 31, "{pad:?}");
    assert!(pad.figures.distinct >= 87.0, "{pad:?}");
}

#[test]
fn temperature_one_plays_as_many_beats_as_real_songs_do() {
    let model = shipped();
    let latents: Vec<Latent> = draw_latents(model.codes(), LatentSource::Data, 1000, 1)
        .into_iter()
        .map(|(latent, _)| latent)
        .collect();
    let measured = |patterns: &[Pattern]| figures(patterns, &PatternSet::default(), &Grid::FOUR_FOUR);
    let hot = measured(&draw_patterns(&model, &latents, 1.0, 1));
    assert!(hot.pass >= 90.0 && hot.empty <= 0.1 && hot.distinct >= 98.0, "{hot:?}");
    // Within 6 points, and a tenth of the hits, of real patterns: 84.0 %, 54.6 %, 32.7 hits, .74.
    assert!((78.0..90.0).contains(&hot.kick_on_0) && (48.0..61.0).contains(&hot.backbeat), "{hot:?}");
    assert!((29.5..36.0).contains(&hot.hits) && (0.68..0.80).contains(&hot.bar_similarity), "{hot:?}");
    let likeliest = measured(&draw_patterns(&model, &latents, 0.0, 1));
    assert!(likeliest.pass >= 85.0 && likeliest.empty <= 0.1 && likeliest.distinct >= 93.0, "{likeliest:?}");
}

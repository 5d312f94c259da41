//! Any bytes as the JSON of a saved project: parsed by the framework, filtered by the plugin, then set as
//! parameters and fields.

use beat::{Grid, Settings};
use beatfield::Beatfield;
use beatfield::params::BeatfieldParams;
use beatfield::saved::WindowSize;
use nice_plug::plugin::ParamValue;
use nice_plug::prelude::{Params, Plugin, PluginState};

/// Filtering is idempotent, the state's bank holds valid notes and velocities, and its window has a valid
/// size.
pub(crate) fn state(bytes: &[u8]) {
    let Ok(mut state) = serde_json::from_slice::<PluginState>(bytes) else { return };
    Beatfield::filter_state(&mut state);
    let sound = |value: &ParamValue| !matches!(value, ParamValue::F32(value) if value.is_nan());
    let known = BeatfieldParams::default();
    let ids: Vec<String> = known.param_map().into_iter().map(|(id, _, _)| id).collect();
    assert!(ids.iter().all(|id| state.params.get(id).is_some_and(sound)));

    let mut again = state.clone();
    Beatfield::filter_state(&mut again);
    for id in &ids {
        assert_eq!(format!("{:?}", again.params[id]), format!("{:?}", state.params[id]));
    }
    known.deserialize_fields(&state.fields);
    let saved = &known.saved;
    let size = saved.window_size();
    assert!(size.width <= WindowSize::LARGEST.width && size.height <= WindowSize::LARGEST.height);
    assert!((WindowSize::SMALLEST.scale..=WindowSize::LARGEST.scale).contains(&size.scale));
    let (choice, _) = saved.model();
    drop(choice.file());
    drop(saved.remark());
    let shape = saved.shape();
    assert!(shape.trims.iter().all(|trim| (-1.0..=1.0).contains(trim)));
    for scene in saved.scenes().all().into_iter().flatten() {
        assert!([scene.x, scene.y].iter().all(|place| (0.0..=1.0).contains(place)) && scene.seed < 10_000);
    }
    let kept = Grid::ALL.map(|grid| saved.kept_bank(&grid).bank(&grid, Settings::DEFAULT, 1));
    for bank in kept.into_iter().flatten() {
        assert!(bank.kit().notes().iter().all(|note| *note < 128));
        let velocities = bank.takes().iter().flat_map(|take| take.velocities.as_flattened());
        assert!(velocities.into_iter().all(|velocity| (1..128).contains(velocity)));
    }
    let kept = known.serialize_fields();
    known.deserialize_fields(&kept);
    assert_eq!(known.serialize_fields(), kept);
}

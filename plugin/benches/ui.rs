//! The window's own work for one frame, on one core: layout, what the player did, and the shapes, as the
//! host's main thread does it; then the triangles that they become. No graphics card, no decode thread.
//!
//! `cargo xtask bench ui`. The map has 40,000 points, the song rolls, the pointer rests on the map.

use std::hint::black_box;
use std::sync::Arc;

use beatfield::editor::Window;
use beatfield::editor::map::picture::{HITS_SIDE, MapPicture};
use beatfield::params::BeatfieldParams;
use beatfield::shared::{Meters, PreviewKey, SharedState};
use criterion::{Criterion, criterion_group, criterion_main};
use egui::{Event, Pos2, RawInput, Rect, Vec2};
use nets::{BankDecoder, LatentMap, Model};
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{PluginApi, PluginState};

/// Points of the map.
const POINTS: usize = 40_000;

/// A host that nobody talks to.
struct Deaf;

#[allow(unsafe_code, reason = "the framework's interface of a host is unsafe")]
impl GuiContextInner for Deaf {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }
    unsafe fn raw_begin_set_parameter(&self, _param: ParamPtr) {}
    unsafe fn raw_set_parameter_normalized(&self, _param: ParamPtr, _normalized: f32) {}
    unsafe fn raw_end_set_parameter(&self, _param: ParamPtr) {}
    fn get_state(&self) -> PluginState {
        PluginState { version: String::new(), params: Default::default(), fields: Default::default() }
    }
    fn set_state(&self, _state: PluginState) {}
    fn request_restart(&self) {}
}

/// The synthetic model with a full map.
fn model() -> Model {
    let mut parts = Model::synthetic_parts(7);
    let small = parts.map.take().expect("a synthetic model has a map");
    let spread = |index: usize, by: f32| (index as f32 * by).fract();
    let points = (0..POINTS).map(|index| [spread(index, 0.618_034), spread(index, 0.414_214)]).collect();
    let genres = (0..POINTS).map(|index| (index % 2) as u8).collect();
    let map = LatentMap::new(small.side(), small.grid().to_vec(), points, genres, small.regions().to_vec());
    parts.map = Some(map.expect("the sizes fit"));
    Model::new("a full map", parts).expect("the parts fit")
}

fn ui(criterion: &mut Criterion) {
    let (params, meters, shared) =
        (Arc::new(BeatfieldParams::default()), Arc::new(Meters::default()), Arc::new(SharedState::default()));
    let model = Arc::new(model());
    let decoder = BankDecoder::new(&model).expect("it has a map");
    let picture = Arc::new(MapPicture::paint(decoder.map(), &vec![9; HITS_SIDE * HITS_SIDE]));
    shared.show(|decoded| {
        decoded.model = Some(model.clone());
        decoded.model_number = 1;
        decoded.picture = Some(picture.clone());
        let (settings, place) = (params.settings(), [0.3, 0.3]);
        let pattern = decoder.preview(&settings, &params.saved.shape(), place);
        decoded.preview = Some((PreviewKey::new(beat::Grid::FOUR_FOUR, &settings, place), pattern));
        (1..=8).for_each(|number| decoded.add(number, decoder.decode(&params.settings(), 1), 1));
    });
    let mut window = Window::new(params, meters.clone(), shared);
    let egui = egui::Context::default();
    window.open(&egui, GuiContext::new(Arc::new(Deaf)));
    let screen = Rect::from_min_size(Pos2::ZERO, Vec2::new(960.0, 860.0));
    let mut number = 0_u32;
    let mut frame = |wandering: bool| {
        number += 1;
        meters.show_transport(true, false);
        meters.show_playhead(Some(beat::Playhead {
            step: number as usize % 32,
            cycle: 0,
            in_bar: number as usize % 16,
        }));
        let x = if wandering { 40.0 + (number % 400) as f32 } else { 200.0 };
        let input = RawInput {
            screen_rect: Some(screen),
            time: Some(f64::from(number) / 60.0),
            events: vec![Event::PointerMoved(Pos2::new(x, 200.0))],
            ..RawInput::default()
        };
        let mut output = egui.run_ui(input, |ui| window.show(ui));
        output.textures_delta.clear(); // there is no graphics card to take them
        output
    };
    frame(false);
    let mut group = criterion.benchmark_group("ui");
    group.bench_function("a frame while the song rolls", |bench| bench.iter(|| black_box(frame(false))));
    group.bench_function("a frame while the pointer wanders over the map", |bench| {
        bench.iter(|| black_box(frame(true)));
    });
    let output = frame(false);
    group.bench_function("its triangles", |bench| {
        bench.iter(|| black_box(egui.tessellate(output.shapes.clone(), output.pixels_per_point)));
    });
    group.finish();
}

criterion_group!(benches, ui);
criterion_main!(benches);

//! The editor in the size that the project remembers. Runs on the host's main thread.
//!
//! The framework asks for an editor once, before any state is loaded, and its size can't be set from
//! outside. So a closed editor whose size is not the saved one is made anew when the host next asks.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{
    Editor, HostMethods, ParentWindowHandle, ResizeHint, SizeConstraints, SpawnedEditor,
};
use nice_plug_egui::{EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, create_egui_editor};

use super::Window;
use crate::display::{Meters, Stage};
use crate::params::BeatfieldParams;
use crate::saved::WindowSize;

/// The editor of one instance.
pub struct SizedEditor {
    params: Arc<BeatfieldParams>,
    meters: Arc<Meters>,
    stage: Arc<Stage>,
    made: Mutex<Made>,
}

/// The framework's editor, with the state that knows its size and whether it is open.
struct Made {
    state: Arc<EguiEditorState>,
    editor: EguiEditor<Window>,
}

impl SizedEditor {
    pub(super) fn new(params: Arc<BeatfieldParams>, meters: Arc<Meters>, stage: Arc<Stage>) -> Option<Self> {
        let made = Mutex::new(make(&params, &meters, &stage)?);
        Some(Self { params, meters, stage, made })
    }

    /// The editor as it should be by now.
    fn current(&self) -> MutexGuard<'_, Made> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.state.is_open()
            && !made.is(self.params.saved.window_size())
            && let Some(anew) = make(&self.params, &self.meters, &self.stage)
        {
            *made = anew;
        }
        made
    }
}

impl Made {
    fn is(&self, size: WindowSize) -> bool {
        size.is_near(self.state.logical_size(), self.state.user_scale_factor())
    }
}

fn make(params: &Arc<BeatfieldParams>, meters: &Arc<Meters>, stage: &Arc<Stage>) -> Option<Made> {
    let size = params.saved.window_size();
    let state = EguiEditorState::from_size(size.points(), size.zoom());
    let window = Window::new(params.clone(), meters.clone(), stage.clone());
    let settings = EguiNiceSettings::new().with_tile("Beatfield").with_resize_hint(resizing());
    let editor = create_egui_editor(state.clone(), stage.repaint.clone(), settings, window)?;
    Some(Made { state, editor })
}

/// How the host may resize the window.
fn resizing() -> ResizeHint {
    let logical = |WindowSize { width, height, .. }| Some(LogicalSize::new(width as f32, height as f32));
    ResizeHint {
        size_constraints: SizeConstraints::Logical {
            min_size: logical(WindowSize::SMALLEST),
            max_size: logical(WindowSize::LARGEST),
        },
        ..ResizeHint::RESIZABLE
    }
}

impl Editor for SizedEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        self.current().editor.spawn(parent, wait_for_parent, fallback_scale_factor, context, host)
    }

    fn size(&self) -> NativeSize<u32> {
        let made = self.current();
        // The framework's size is in points, which leave the scale out.
        let NativeSize { width, height } = made.editor.size();
        let scaled = |length: u32| (length as f32 * made.state.user_scale_factor()).round() as u32;
        NativeSize { width: scaled(width), height: scaled(height) }
    }

    fn resize_hint(&self) -> ResizeHint {
        resizing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_window_takes_the_size_that_a_project_brings() {
        let params = Arc::new(BeatfieldParams::default());
        let editor = SizedEditor::new(params.clone(), Arc::default(), Arc::default()).expect("an editor");
        let opens_with = |width, height| {
            assert_eq!((editor.size().width, editor.size().height), (width, height));
        };
        opens_with(WindowSize::default().width, WindowSize::default().height);
        params.saved.remember_window_size(WindowSize { width: 1200, height: 900, scale: 100 });
        opens_with(1200, 900);
        params.saved.remember_window_size(WindowSize { width: 1, height: u32::MAX, scale: 100 });
        opens_with(WindowSize::SMALLEST.width, WindowSize::LARGEST.height);
    }

    #[test]
    fn a_closed_window_takes_the_scale_that_a_project_brings_and_fills_its_size_with_it() {
        let params = Arc::new(BeatfieldParams::default());
        let editor = SizedEditor::new(params.clone(), Arc::default(), Arc::default()).expect("an editor");
        for (scale, zoom) in [(150, 1.5), (50, 0.5), (0, 0.5), (9_000, 2.0), (100, 1.0)] {
            params.saved.remember_window_size(WindowSize { width: 1200, height: 900, scale });
            assert_eq!((editor.size().width, editor.size().height), (1200, 900), "{scale} %");
            let made = editor.current();
            assert_eq!(made.state.user_scale_factor(), zoom, "{scale} %");
            assert!((made.state.logical_size().width - 1200.0 / zoom).abs() < 0.01, "{scale} %");
        }
    }
}

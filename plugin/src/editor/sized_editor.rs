//! The framework's editor. It is created once, before any state is loaded, and its size can't be changed later. So a
//! closed editor whose size is not the saved one is replaced when the host next uses it.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{
    Editor, HostMethods, ParentWindowHandle, ResizeHint, SizeConstraints, SpawnedEditor,
};
use nice_plug_egui::{EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, create_egui_editor};

use super::Window;
use super::window_threads::WindowThreads;
use crate::decode::Decoding;
use crate::params::BeatfieldParams;
use crate::saved::WindowSize;
use crate::shared::{Meters, SharedState};

/// The editor of one instance.
pub struct SizedEditor {
    params: Arc<BeatfieldParams>,
    meters: Arc<Meters>,
    shared: Arc<SharedState>,
    /// Started with the window.
    decoding: Option<Arc<Decoding>>,
    threads: WindowThreads,
    inner: Mutex<InnerEditor>,
}

impl Drop for SizedEditor {
    /// The host has closed the window, and may unload the plugin next.
    fn drop(&mut self) {
        self.threads.wait();
    }
}

/// The framework's editor, with the state that has its size and whether it is open.
struct InnerEditor {
    state: Arc<EguiEditorState>,
    editor: EguiEditor<Window>,
}

impl SizedEditor {
    /// An editor that starts `decoding` with its window.
    pub(super) fn new(
        params: Arc<BeatfieldParams>,
        meters: Arc<Meters>,
        shared: Arc<SharedState>,
        decoding: Option<Arc<Decoding>>,
    ) -> Option<Self> {
        let threads = WindowThreads::default();
        let inner = Mutex::new(make(&params, &meters, &shared, &threads)?);
        Some(Self { params, meters, shared, decoding, threads, inner })
    }

    /// The editor, replaced where it is closed and of another size than the saved one.
    fn current(&self) -> MutexGuard<'_, InnerEditor> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.state.is_open()
            && !inner.is(self.params.saved.window_size())
            && let Some(anew) = make(&self.params, &self.meters, &self.shared, &self.threads)
        {
            *inner = anew;
        }
        inner
    }
}

impl InnerEditor {
    fn is(&self, size: WindowSize) -> bool {
        size.is_about(self.state.logical_size(), self.state.user_scale_factor())
    }
}

fn make(
    params: &Arc<BeatfieldParams>,
    meters: &Arc<Meters>,
    shared: &Arc<SharedState>,
    threads: &WindowThreads,
) -> Option<InnerEditor> {
    let size = params.saved.window_size();
    let state = EguiEditorState::from_size(size.points(), size.zoom());
    let mut window = Window::new(params.clone(), meters.clone(), shared.clone());
    window.threads = threads.clone();
    let settings = EguiNiceSettings::new().with_tile("Beatfield").with_resize_hint(resizing());
    #[cfg(target_os = "linux")]
    let settings = settings.with_repaint_poll_interval(super::frame_poll::NEVER);
    let editor = create_egui_editor(state.clone(), shared.repaint.clone(), settings, window)?;
    Some(InnerEditor { state, editor })
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
        if let Some(decoding) = &self.decoding {
            decoding.start();
        }
        self.current().editor.spawn(parent, wait_for_parent, fallback_scale_factor, context, host)
    }

    fn size(&self) -> NativeSize<u32> {
        let inner = self.current();
        // The framework's size is in points, before scaling.
        let NativeSize { width, height } = inner.editor.size();
        let scaled = |length: u32| (length as f32 * inner.state.user_scale_factor()).round() as u32;
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
        let editor =
            SizedEditor::new(params.clone(), Arc::default(), Arc::default(), None).expect("an editor");
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
        let editor =
            SizedEditor::new(params.clone(), Arc::default(), Arc::default(), None).expect("an editor");
        for (scale, zoom) in [(150, 1.5), (50, 0.5), (0, 0.5), (9_000, 2.0), (100, 1.0)] {
            params.saved.remember_window_size(WindowSize { width: 1200, height: 900, scale });
            assert_eq!((editor.size().width, editor.size().height), (1200, 900), "{scale} %");
            let inner = editor.current();
            assert_eq!(inner.state.user_scale_factor(), zoom, "{scale} %");
            assert!((inner.state.logical_size().width - 1200.0 / zoom).abs() < 0.01, "{scale} %");
        }
    }
}

//! What the player can do: change parameters, as host gestures, and saved state. Every gesture is ended, also
//! where the window closes during a drag, and everything can be undone.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use beat::{Scene, Shape};
use nice_plug::context::gui::GuiContext;
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::Param;

use super::undo::{Change, UndoHistory};
use crate::params::{BeatfieldParams, EDITS};
use crate::shared::Meters;

/// What a widget did to its parameter in this frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gesture<V> {
    /// Nothing.
    None,
    /// A gesture begins, with this value.
    Begin(V),
    /// The gesture continues with this value.
    Move(V),
    /// The gesture ends.
    End,
    /// The gesture ends with this value.
    Finish(V),
    /// One change: begin, set, end.
    Once(V),
}

/// The open gestures of one open window. Owned by the window's egui context alone, so it is dropped when the
/// window closes, and then ends them.
pub(super) struct OpenGestures {
    context: GuiContext,
    meters: Arc<Meters>,
    open: Mutex<Vec<ParamPtr>>,
    queued: Mutex<QueuedValues>,
    /// Keeps the pointers valid: the toolkit may drop its context after everything else of ours.
    _params: Arc<BeatfieldParams>,
}

/// What was passed to the host since the last block. Where no block takes it (a CLAP host that has switched the
/// plugin off), the framework keeps it in a queue of 2048 events, and sets the parameters to it with the next block.
#[derive(Default)]
struct QueuedValues {
    /// The count of blocks when the first of them was passed on.
    blocks: u32,
    number: usize,
    /// The parameters that were set.
    params: Vec<ParamPtr>,
    /// Those whose last value was not passed on, as there were too many.
    withheld: Vec<(ParamPtr, f32)>,
}

/// Values that are passed on between two blocks, at most; then only the last one of each gesture.
const MOST_QUEUED: usize = 256;

impl OpenGestures {
    /// Stores a new list in `egui`, which owns it, and returns a reference to it.
    pub(super) fn keep_in(
        egui: &egui::Context,
        context: GuiContext,
        params: Arc<BeatfieldParams>,
        meters: Arc<Meters>,
    ) -> Weak<Self> {
        let (open, queued) = (Mutex::default(), Mutex::default());
        let gestures = Arc::new(Self { context, meters, open, queued, _params: params });
        let weak = Arc::downgrade(&gestures);
        egui.data_mut(|data| data.insert_temp(egui::Id::unique("open gestures"), gestures));
        weak
    }

    fn note(&self, param: ParamPtr, begins: bool) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| *other != param);
        if begins {
            open.push(param);
        }
    }

    #[allow(unsafe_code, reason = "the framework has no safe call without a reference to the parameter")]
    fn begin(&self, param: ParamPtr) {
        self.note(param, true);
        // SAFETY: every pointer came from a parameter of this instance, whose parameters `_params` keeps
        // alive.
        unsafe { self.context.raw_begin_set_parameter(param) }
    }

    /// Sets the parameter at once, and passes the change to the host. The framework alone would leave setting
    /// it to the next block (CLAP always, VST3 while the host says that it processes), so that a host that
    /// sends no blocks, as with a switched-off plugin, would save, decode and preview the old value. All
    /// values of a parameter are atomics, which the audio thread reads once a block.
    #[allow(unsafe_code, reason = "as in `begin`")]
    fn set(&self, param: ParamPtr, value: f32) {
        // SAFETY: as in `begin`.
        unsafe { param._internal_set_normalized_value(value) };
        if self.queue(param, value) {
            // SAFETY: as in `begin`.
            unsafe { self.context.raw_set_parameter_normalized(param, value) };
        }
    }

    /// Notes a value; whether it is passed on at once.
    fn queue(&self, param: ParamPtr, value: f32) -> bool {
        let mut queued = self.queued();
        if !queued.params.contains(&param) {
            queued.params.push(param);
        }
        queued.withheld.retain(|(other, _)| *other != param);
        queued.number += 1;
        let passed_on = queued.number <= MOST_QUEUED;
        if !passed_on {
            queued.withheld.push((param, value));
        }
        passed_on
    }

    /// What was passed on since the last block.
    fn queued(&self) -> MutexGuard<'_, QueuedValues> {
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        let blocks = self.meters.blocks();
        if queued.blocks != blocks {
            let withheld = std::mem::take(&mut queued.withheld);
            *queued = QueuedValues { blocks, withheld, ..QueuedValues::default() };
        }
        queued
    }

    /// The host has loaded a state: what still waits for a block would replace its values, so they are passed on
    /// behind it.
    #[allow(unsafe_code, reason = "as in `begin`")]
    pub(super) fn repeat_loaded_values(&self) {
        let mut queued = self.queued();
        queued.withheld.clear();
        let params = queued.params.clone();
        drop(queued);
        for param in params {
            // SAFETY: as in `begin`.
            unsafe {
                let value = param.unmodulated_normalized_value();
                self.context.raw_begin_set_parameter(param);
                self.context.raw_set_parameter_normalized(param, value);
                self.context.raw_end_set_parameter(param);
            }
        }
    }

    #[allow(unsafe_code, reason = "as in `begin`")]
    fn end(&self, param: ParamPtr) {
        let mut queued = self.queued();
        let at = queued.withheld.iter().position(|(other, _)| *other == param);
        let withheld = at.map(|at| queued.withheld.remove(at).1);
        drop(queued);
        if let Some(value) = withheld {
            // SAFETY: as in `begin`.
            unsafe { self.context.raw_set_parameter_normalized(param, value) };
        }
        // SAFETY: as in `begin`.
        unsafe { self.context.raw_end_set_parameter(param) }
        self.note(param, false);
    }
}

impl Drop for OpenGestures {
    fn drop(&mut self) {
        let open = std::mem::take(self.open.get_mut().unwrap_or_else(PoisonError::into_inner));
        // A window's thread may outlive its instance for a short time, and then the framework's call panics.
        // There is no host then that expects the end of the gesture.
        let end = AssertUnwindSafe(|| open.into_iter().for_each(|param| self.end(param)));
        if catch_unwind(end).is_err() {
            self.open.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

/// Turns widgets' gestures into host gestures, and records them for undo.
pub(super) struct Actions<'a> {
    gestures: &'a OpenGestures,
    params: &'a BeatfieldParams,
    history: RefCell<&'a mut UndoHistory>,
}

impl<'a> Actions<'a> {
    pub(super) fn new(
        gestures: &'a OpenGestures,
        params: &'a BeatfieldParams,
        history: &'a mut UndoHistory,
    ) -> Self {
        Self { gestures, params, history: RefCell::new(history) }
    }

    /// Applies a gesture to a parameter, with normalised values (0..=1).
    pub(super) fn edit<P: Param>(&self, param: &P, gesture: Gesture<f32>) {
        let pointer = param.as_ptr();
        let set = |value| {
            self.gestures.set(pointer, value);
            self.history.borrow_mut().set(pointer, value);
        };
        let begin = |value| {
            self.history.borrow_mut().begin(pointer, param.unmodulated_normalized_value());
            self.gestures.begin(pointer);
            set(value);
        };
        let end = || {
            self.gestures.end(pointer);
            self.history.borrow_mut().end(pointer);
        };
        match gesture {
            Gesture::None => {}
            Gesture::Begin(value) => begin(value),
            Gesture::Move(value) => set(value),
            Gesture::End => end(),
            Gesture::Finish(value) => {
                set(value);
                end();
            }
            Gesture::Once(value) => {
                begin(value);
                end();
            }
        }
    }

    /// Applies a gesture to two parameters at once, as the puck does.
    pub(super) fn edit_both<P: Param>(&self, x: &P, y: &P, gesture: Gesture<[f32; 2]>) {
        let of = |axis: usize| match gesture {
            Gesture::None => Gesture::None,
            Gesture::Begin(place) => Gesture::Begin(place[axis]),
            Gesture::Move(place) => Gesture::Move(place[axis]),
            Gesture::End => Gesture::End,
            Gesture::Finish(place) => Gesture::Finish(place[axis]),
            Gesture::Once(place) => Gesture::Once(place[axis]),
        };
        self.edit(x, of(0));
        self.edit(y, of(1));
    }

    /// Sets the player's changes to the beat.
    pub(super) fn set_shape(&self, after: Shape) {
        let before = self.params.saved.shape();
        self.params.saved.set_shape(&after);
        self.history.borrow_mut().note(Change::Shape { before, after });
    }

    /// Stores or empties a scene.
    pub(super) fn store_scene(&self, index: usize, scene: Option<Scene>) {
        let before = self.params.saved.scenes().get(index);
        self.params.saved.scenes().set(index, scene);
        let after = self.params.saved.scenes().get(index);
        self.history.borrow_mut().note(Change::Scene { index, before, after });
    }

    /// Undoes the last edit.
    pub(super) fn undo(&self) {
        let changes = self.history.borrow_mut().undo();
        self.perform(&changes);
    }

    /// Redoes the last undone edit.
    pub(super) fn redo(&self) {
        let changes = self.history.borrow_mut().redo();
        self.perform(&changes);
    }

    /// Whether there is something to undo, and something to redo.
    pub(super) fn can(&self) -> (bool, bool) {
        let history = self.history.borrow();
        (history.can_undo(), history.can_redo())
    }

    /// Ends a frame: what changed in it can become an edit.
    pub(super) fn close_frame(&self, now: f64) {
        let unknown = self.history.borrow_mut().close_frame(now);
        if unknown {
            self.count_edit();
        }
    }

    /// Lets the host know of an edit that is no parameter, so that it asks to save. Not for undo.
    fn count_edit(&self) {
        let edits = &self.params.edits;
        let next = edits.preview_normalized((edits.value() + 1) % EDITS);
        self.gestures.begin(edits.as_ptr());
        self.gestures.set(edits.as_ptr(), next);
        self.gestures.end(edits.as_ptr());
    }

    fn perform(&self, changes: &[Change]) {
        if !changes.is_empty() && !changes.iter().any(Change::is_of_parameter) {
            self.count_edit();
        }
        for change in changes {
            match *change {
                Change::Parameter { param, after, .. } => {
                    self.gestures.begin(param);
                    self.gestures.set(param, after);
                    self.gestures.end(param);
                }
                Change::Shape { after, .. } => self.params.saved.set_shape(&after),
                Change::Scene { index, after, .. } => self.params.saved.scenes().set(index, after),
            }
        }
    }
}

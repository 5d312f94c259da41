//! The player's hands on the parameters: one host gesture a movement, and every one is ended, also where
//! the window closes under the hand.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use nice_plug::context::gui::{GuiContext, ParamSetter};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::Param;

/// What a widget saw of one movement in this frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Touch<V> {
    /// Nobody touches it.
    None,
    /// The movement begins, at this value.
    Begin(V),
    /// It goes on, at this value.
    Move(V),
    /// It ends.
    End,
    /// It ends at this value.
    Finish(V),
    /// One decided change: begin, set, end.
    Once(V),
}

/// The gestures that one open window has begun. It lives in the window's egui context alone, so it is
/// dropped when the window closes, and then ends what is still open.
pub(super) struct OpenGestures {
    context: GuiContext,
    open: Mutex<Vec<ParamPtr>>,
}

impl OpenGestures {
    /// Lays a new list into `egui`, which owns it, and returns how to reach it.
    pub(super) fn keep_in(egui: &egui::Context, context: GuiContext) -> Weak<Self> {
        let gestures = Arc::new(Self { context, open: Mutex::default() });
        let reach = Arc::downgrade(&gestures);
        egui.data_mut(|data| data.insert_temp(egui::Id::unique("open gestures"), gestures));
        reach
    }

    fn note(&self, param: ParamPtr, begins: bool) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| *other != param);
        if begins {
            open.push(param);
        }
    }
}

impl Drop for OpenGestures {
    fn drop(&mut self) {
        for param in self.open.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            #[allow(
                unsafe_code,
                reason = "the framework has no safe call without a reference to the parameter"
            )]
            // SAFETY: the pointer came from a parameter of this instance, whose parameters live at least
            // as long as its window; `touch` began its gesture and nobody ended it.
            unsafe {
                self.context.raw_end_set_parameter(param);
            }
        }
    }
}

/// Turns touches into host gestures.
pub(super) struct Hands<'a> {
    setter: ParamSetter<'a>,
    gestures: &'a OpenGestures,
}

impl<'a> Hands<'a> {
    pub(super) fn new(gestures: &'a OpenGestures) -> Self {
        Self { setter: gestures.context.param_setter(), gestures }
    }

    /// A touch of one parameter, with normalised values (0..=1).
    pub(super) fn touch<P: Param>(&self, param: &P, touch: Touch<f32>) {
        match touch {
            Touch::None => {}
            Touch::Begin(value) => {
                self.gestures.note(param.as_ptr(), true);
                self.setter.begin_set_parameter(param);
                self.setter.set_parameter_normalized(param, value);
            }
            Touch::Move(value) => self.setter.set_parameter_normalized(param, value),
            Touch::End => {
                self.setter.end_set_parameter(param);
                self.gestures.note(param.as_ptr(), false);
            }
            Touch::Finish(value) => {
                self.touch(param, Touch::Move(value));
                self.touch(param, Touch::End);
            }
            Touch::Once(value) => {
                self.touch(param, Touch::Begin(value));
                self.touch(param, Touch::End);
            }
        }
    }

    /// A touch of two parameters at once, as the puck does.
    pub(super) fn touch_both<P: Param>(&self, x: &P, y: &P, touch: Touch<[f32; 2]>) {
        let of = |axis: usize| match touch {
            Touch::None => Touch::None,
            Touch::Begin(place) => Touch::Begin(place[axis]),
            Touch::Move(place) => Touch::Move(place[axis]),
            Touch::End => Touch::End,
            Touch::Finish(place) => Touch::Finish(place[axis]),
            Touch::Once(place) => Touch::Once(place[axis]),
        };
        self.touch(x, of(0));
        self.touch(y, of(1));
    }
}

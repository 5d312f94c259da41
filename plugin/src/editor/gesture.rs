//! The player's hands on the parameters: one host gesture a movement.

use nice_plug::context::gui::ParamSetter;
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
    /// One decided change: begin, set, end.
    Once(V),
}

/// Turns touches into host gestures.
pub(super) struct Hands<'a> {
    setter: ParamSetter<'a>,
}

impl<'a> Hands<'a> {
    pub(super) fn new(setter: ParamSetter<'a>) -> Self {
        Self { setter }
    }

    /// A touch of one parameter, with normalised values (0..=1).
    pub(super) fn touch<P: Param>(&self, param: &P, touch: Touch<f32>) {
        match touch {
            Touch::None => {}
            Touch::Begin(value) => {
                self.setter.begin_set_parameter(param);
                self.setter.set_parameter_normalized(param, value);
            }
            Touch::Move(value) => self.setter.set_parameter_normalized(param, value),
            Touch::End => self.setter.end_set_parameter(param),
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
            Touch::Once(place) => Touch::Once(place[axis]),
        };
        self.touch(x, of(0));
        self.touch(y, of(1));
    }
}

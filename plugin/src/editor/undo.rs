//! Undo and redo of everything that the player changes in the window.

use beat::{Scene, Shape};
use nice_plug::params::internals::ParamPtr;

/// The number of edits kept.
const MOST: usize = 200;
/// Edits of the same thing within this time are one: steps of a wheel, presses of a key. In seconds.
const SAME_EDIT: f64 = 0.6;

/// One change.
#[allow(clippy::large_enum_variant, reason = "two hundred edits of a kilobyte are nothing")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// A parameter, in normalised values.
    Parameter { param: ParamPtr, before: f32, after: f32 },
    /// Locks, trims, rotation, notes or the orbit's path.
    Shape { before: Shape, after: Shape },
    /// The content of a scene.
    Scene { index: usize, before: Option<Scene>, after: Option<Scene> },
}

impl Change {
    /// The reverse change.
    pub(super) fn reversed(self) -> Self {
        match self {
            Self::Parameter { param, before, after } => {
                Self::Parameter { param, before: after, after: before }
            }
            Self::Shape { before, after } => Self::Shape { before: after, after: before },
            Self::Scene { index, before, after } => Self::Scene { index, before: after, after: before },
        }
    }

    /// Whether it changes a parameter, of which the host knows.
    pub(super) fn is_of_parameter(&self) -> bool {
        matches!(self, Self::Parameter { .. })
    }

    fn changes_nothing(&self) -> bool {
        match self {
            Self::Parameter { before, after, .. } => before == after,
            Self::Shape { before, after } => before == after,
            Self::Scene { before, after, .. } => before == after,
        }
    }

    /// This change followed by `next`, where both are of the same thing.
    fn then(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::Parameter { param, before, .. }, Self::Parameter { param: same, after, .. })
                if param == same =>
            {
                Some(Self::Parameter { param, before, after })
            }
            (Self::Shape { before, .. }, Self::Shape { after, .. }) => Some(Self::Shape { before, after }),
            _ => None,
        }
    }
}

/// The changes of one gesture.
#[derive(Debug)]
struct Edit {
    changes: Vec<Change>,
    /// When it ended, in seconds of the window's time.
    at: f64,
}

/// The edits in one instance's window, kept while it is closed.
#[derive(Debug, Default)]
pub(super) struct UndoHistory {
    done: Vec<Edit>,
    undone: Vec<Edit>,
    /// Parameters in a gesture, with their values before and now.
    moving: Vec<(ParamPtr, f32, f32)>,
    /// The changes since the last frame without a gesture.
    changed: Vec<Change>,
}

impl UndoHistory {
    pub(super) fn begin(&mut self, param: ParamPtr, value: f32) {
        self.moving.push((param, value, value));
    }

    pub(super) fn set(&mut self, param: ParamPtr, value: f32) {
        if let Some(moving) = self.moving.iter_mut().find(|moving| moving.0 == param) {
            moving.2 = value;
        }
    }

    pub(super) fn end(&mut self, param: ParamPtr) {
        if let Some(at) = self.moving.iter().position(|moving| moving.0 == param) {
            let (param, before, after) = self.moving.remove(at);
            self.note(Change::Parameter { param, before, after });
        }
    }

    /// Ends all gestures: the window has closed, and their ends will not come.
    pub(super) fn end_all(&mut self) {
        for (param, before, after) in std::mem::take(&mut self.moving) {
            self.note(Change::Parameter { param, before, after });
        }
    }

    pub(super) fn note(&mut self, change: Change) {
        self.changed.push(change);
    }

    /// Ends a frame: without an open gesture, the changes become one edit. True where it is a new one that the
    /// host does not know of.
    pub(super) fn close_frame(&mut self, now: f64) -> bool {
        if !self.moving.is_empty() {
            return false;
        }
        let mut changes = std::mem::take(&mut self.changed);
        changes.retain(|change| !change.changes_nothing());
        if changes.is_empty() {
            return false;
        }
        let unknown = !changes.iter().any(Change::is_of_parameter);
        self.undone.clear();
        let merged = self.done.last().filter(|last| now - last.at < SAME_EDIT).and_then(|last| {
            let same = last.changes.len() == changes.len();
            let both = last.changes.iter().zip(&changes);
            same.then(|| both.map(|(before, after)| before.then(*after)).collect::<Option<Vec<_>>>())?
        });
        let new = merged.is_none();
        if let Some(changes) = merged {
            self.done.pop();
            self.done.push(Edit { changes, at: now });
        } else {
            self.done.push(Edit { changes, at: now });
        }
        if self.done.len() > MOST {
            self.done.remove(0);
        }
        new && unknown
    }

    /// Takes back the last edit, and returns the changes to apply.
    pub(super) fn undo(&mut self) -> Vec<Change> {
        let Some(edit) = self.done.pop() else { return Vec::new() };
        let back = edit.changes.iter().rev().map(|change| change.reversed()).collect();
        self.undone.push(edit);
        back
    }

    /// Redoes the last undone edit, and returns the changes to apply.
    pub(super) fn redo(&mut self) -> Vec<Change> {
        let Some(mut edit) = self.undone.pop() else { return Vec::new() };
        let again = edit.changes.clone();
        edit.at = f64::NEG_INFINITY; // later changes do not merge with it
        self.done.push(edit);
        again
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(before: u8, after: u8) -> Change {
        let edits = |rotation| beat::Edits { rotation, ..beat::Edits::NONE };
        let shape = |rotation| Shape::NONE.with_edits(&beat::Grid::THREE, edits(rotation));
        Change::Shape { before: shape(before), after: shape(after) }
    }

    #[test]
    fn quick_changes_of_the_same_thing_are_one_edit_and_later_ones_another() {
        let mut history = UndoHistory::default();
        for (at, change) in [(0.0, rotation(0, 1)), (0.3, rotation(1, 2)), (5.0, rotation(2, 3))] {
            history.note(change);
            history.close_frame(at);
        }
        assert_eq!(history.undo(), [rotation(3, 2)]);
        assert_eq!(history.undo(), [rotation(2, 0)]);
        assert_eq!(history.undo(), []);
        assert_eq!(history.redo(), [rotation(0, 2)]);
        assert!(history.can_redo() && history.can_undo());
    }

    #[test]
    fn a_new_edit_ends_what_could_be_done_again() {
        let mut history = UndoHistory::default();
        history.note(rotation(0, 1));
        history.close_frame(0.0);
        history.undo();
        history.note(rotation(0, 9));
        history.close_frame(1.0);
        assert!(!history.can_redo());
        history.note(rotation(9, 9));
        history.close_frame(9.0);
        assert_eq!(history.undo(), [rotation(9, 0)], "what changes nothing is no edit");
    }
}

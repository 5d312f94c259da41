//! The player's edits of the beat: locks, trims, rotation, notes, orbit, continuation. Saved state.

use crate::{INSTRUMENTS, Kit, Orbit, Pattern, STEPS, Take};

/// Cells that are locked on or off, wherever the puck is. They refer to the pattern before rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    on: Pattern,
    off: Pattern,
}

impl Locks {
    /// No locks.
    pub const NONE: Self = Self { on: Pattern::EMPTY, off: Pattern::EMPTY };

    /// Cells locked on and cells locked off; a cell in both is locked on.
    pub fn new(on: Pattern, off: Pattern) -> Self {
        let mut locks = Self { on, off };
        for (step, instrument) in cells().filter(|(step, instrument)| on.has(*step, *instrument)) {
            locks.off = locks.off.without(step, instrument);
        }
        locks
    }

    /// Whether the cell of `instrument` (0..14) at `step` (0..32) is locked on or off; `None` where it is
    /// free.
    pub fn at(&self, step: usize, instrument: usize) -> Option<bool> {
        match (self.on.has(step, instrument), self.off.has(step, instrument)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// These locks with one cell locked on, locked off, or free.
    #[must_use]
    pub fn with(mut self, step: usize, instrument: usize, held: Option<bool>) -> Self {
        self.on = self.on.without(step, instrument);
        self.off = self.off.without(step, instrument);
        match held {
            Some(true) => self.on = self.on.with(step, instrument),
            Some(false) => self.off = self.off.with(step, instrument),
            None => {}
        }
        self
    }

    /// The cells locked on, and those locked off.
    pub fn patterns(&self) -> (Pattern, Pattern) {
        (self.on, self.off)
    }

    /// How many cells are locked.
    pub fn count(&self) -> u32 {
        self.on.hits() + self.off.hits()
    }

    fn apply(&self, mut pattern: Pattern) -> Pattern {
        for (step, instrument) in cells() {
            pattern = match self.at(step, instrument) {
                Some(true) => pattern.with(step, instrument),
                Some(false) => pattern.without(step, instrument),
                None => pattern,
            };
        }
        pattern
    }
}

fn cells() -> impl Iterator<Item = (usize, usize)> {
    (0..STEPS).flat_map(|step| (0..INSTRUMENTS).map(move |instrument| (step, instrument)))
}

/// Two bars that the sequence model continues for fourteen more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continuation {
    /// The two bars, before rotation.
    pub pattern: Pattern,
    /// The map point where they were played, 0..=1 each. With the puck anywhere else the continuation has no
    /// effect.
    pub place: [f32; 2],
    /// Which of the eight takes they are, 0..8. The continuation fills the takes after it, wrapping around to
    /// the one before.
    pub take: u8,
}

/// All edits: the saved state that a bank depends on, beside the model. Applied to every take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Cells locked on or off.
    pub locks: Locks,
    /// Each instrument's own density, -1 (sparser) to 1 (denser).
    pub trims: [f32; INSTRUMENTS],
    /// Rotation: by how many steps every onset sounds later, 0..32.
    pub rotation: u8,
    /// The notes that the player chose; `None` is the model's kit.
    pub kit: Option<Kit>,
    /// The path of the orbit; the default one where none was drawn.
    pub orbit: Option<Orbit>,
    /// The two bars that fourteen more are generated from, if the player asked for it.
    pub continuation: Option<Continuation>,
}

impl Shape {
    /// No edits.
    pub const NONE: Self = Self {
        locks: Locks::NONE,
        trims: [0.0; INSTRUMENTS],
        rotation: 0,
        kit: None,
        orbit: None,
        continuation: None,
    };

    /// This shape with a rotation of `steps`, modulo the pattern.
    #[must_use]
    pub const fn with_rotation(self, steps: usize) -> Self {
        Self { rotation: (steps % STEPS) as u8, ..self }
    }

    /// This shape with other locks.
    #[must_use]
    pub const fn with_locks(self, locks: Locks) -> Self {
        Self { locks, ..self }
    }

    /// This shape with other notes, or the model's own.
    #[must_use]
    pub const fn with_kit(self, kit: Option<Kit>) -> Self {
        Self { kit, ..self }
    }

    /// The continuation, where the puck stands on its map point (0..=1 each).
    pub fn continuation_at(&self, place: [f32; 2]) -> Option<&Continuation> {
        self.continuation.as_ref().filter(|continuation| continuation.place == place)
    }

    /// The step at which a step of the unrotated pattern sounds, 0..32.
    pub const fn sounds_at(&self, drawn: usize) -> usize {
        (drawn + self.rotation as usize) % STEPS
    }

    /// The step of the unrotated pattern that sounds at `step`, 0..32.
    pub const fn drawn_at(&self, step: usize) -> usize {
        (step + STEPS - self.rotation as usize % STEPS) % STEPS
    }

    /// Applies locks, then the rotation, to a take of the model.
    #[must_use]
    pub fn apply(&self, take: &Take) -> Take {
        let locked = self.locks.apply(take.onsets);
        let mut sounding = Take::EMPTY;
        for step in 0..STEPS {
            let drawn = self.drawn_at(step);
            sounding.velocities[step] = take.velocities[drawn];
            sounding.offsets[step] = take.offsets[drawn];
        }
        sounding.onsets = locked.rotated(self.drawn_at(0));
        sounding
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take() -> Take {
        let mut take = Take { onsets: Pattern::EMPTY.with(0, 0).with(30, 1), ..Take::EMPTY };
        take.velocities[30][1] = 9;
        take
    }

    #[test]
    fn no_shape_leaves_a_take_as_it_is() {
        assert_eq!(Shape::NONE.apply(&take()), take());
    }

    #[test]
    fn a_lock_holds_its_step_on_or_off() {
        let locks = Locks::NONE.with(4, 2, Some(true)).with(0, 0, Some(false)).with(9, 9, Some(true));
        let held = Shape { locks: locks.with(9, 9, None), ..Shape::NONE }.apply(&take());
        assert_eq!(held.onsets, Pattern::EMPTY.with(4, 2).with(30, 1));
        assert_eq!(locks.count(), 3);
        assert_eq!(Locks::new(held.onsets, held.onsets).patterns(), (held.onsets, Pattern::EMPTY));
    }

    #[test]
    fn a_rotation_moves_onsets_velocities_and_locks_together() {
        let locks = Locks::NONE.with(31, 3, Some(true));
        let shape = Shape { rotation: 3, locks, ..Shape::NONE };
        let later = shape.apply(&take());
        assert_eq!(later.onsets, Pattern::EMPTY.with(3, 0).with(1, 1).with(2, 3));
        assert_eq!(later.velocities[1][1], 9);
        assert_eq!((shape.sounds_at(31), shape.drawn_at(2)), (2, 31));
    }
}

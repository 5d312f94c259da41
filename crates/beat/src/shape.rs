//! The player's edits of the beat: locks, trims, rotation, notes, orbit, continuation. Saved state.

use crate::{Grid, INSTRUMENTS, Kit, Orbit, Pattern, Take};

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
        for (step, instrument) in on.cells() {
            locks.off = locks.off.without(step, instrument);
        }
        locks
    }

    /// Whether the cell of `instrument` at `step` is locked on or off; `None` where it is
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

    fn apply(&self, pattern: Pattern) -> Pattern {
        let without = self.off.cells().fold(pattern, |pattern, (step, drum)| pattern.without(step, drum));
        self.on.cells().fold(without, |pattern, (step, drum)| pattern.with(step, drum))
    }
}

/// Two bars that the sequence model continues for fourteen more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continuation {
    /// The two bars, before rotation.
    pub pattern: Pattern,
    /// The map point where they were played, 0..=1 each. With the puck anywhere else the continuation has no
    /// effect.
    pub place: [f32; 2],
    /// Which take of the bank they are. The continuation fills the takes after it, wrapping around to the one
    /// before.
    pub take: u8,
}

/// The edits that refer to steps: each grid has its own. Applied to every take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Edits {
    /// Cells locked on or off.
    pub locks: Locks,
    /// Rotation: by how many steps every onset sounds later, modulo those of the grid.
    pub rotation: u8,
    /// The two bars that fourteen more are generated from, if the player asked for it.
    pub continuation: Option<Continuation>,
}

impl Edits {
    /// None.
    pub const NONE: Self = Self { locks: Locks::NONE, rotation: 0, continuation: None };

    /// The continuation, where the puck stands on its map point (0..=1 each).
    pub fn continuation_at(&self, place: [f32; 2]) -> Option<&Continuation> {
        self.continuation.as_ref().filter(|continuation| continuation.place == place)
    }

    /// The step at which a step of the unrotated pattern sounds.
    pub const fn sounds_at(&self, drawn: usize, grid: &Grid) -> usize {
        (drawn + self.rotation as usize) % grid.steps()
    }

    /// The step of the unrotated pattern that sounds at `step`.
    pub const fn drawn_at(&self, step: usize, grid: &Grid) -> usize {
        (step + grid.steps() - self.rotation as usize % grid.steps()) % grid.steps()
    }

    /// Applies locks, then the rotation, to a take of the model.
    #[must_use]
    pub fn apply(&self, take: &Take, grid: &Grid) -> Take {
        let locked = self.locks.apply(take.onsets);
        let mut sounding = *take;
        for step in 0..grid.steps() {
            let drawn = self.drawn_at(step, grid);
            sounding.velocities[step] = take.velocities[drawn];
            sounding.offsets[step] = take.offsets[drawn];
        }
        sounding.onsets = locked.rotated(self.drawn_at(0, grid), grid);
        sounding
    }
}

/// All edits: the saved state that a bank depends on, beside the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Each instrument's own density, -1 (sparser) to 1 (denser).
    pub trims: [f32; INSTRUMENTS],
    /// The notes that the player chose; `None` is the model's kit.
    pub kit: Option<Kit>,
    /// The path of the orbit; the default one where none was drawn.
    pub orbit: Option<Orbit>,
    /// The edits of every grid, by [`Grid::index`].
    pub edits: [Edits; Grid::ALL.len()],
}

impl Shape {
    /// No edits.
    pub const NONE: Self =
        Self { trims: [0.0; INSTRUMENTS], kit: None, orbit: None, edits: [Edits::NONE; Grid::ALL.len()] };

    /// What was edited on this grid.
    pub fn edits(&self, grid: &Grid) -> &Edits {
        &self.edits[grid.index()]
    }

    /// What was edited on this grid, to be changed.
    pub fn edits_mut(&mut self, grid: &Grid) -> &mut Edits {
        &mut self.edits[grid.index()]
    }

    /// This shape with other edits of one grid.
    #[must_use]
    pub fn with_edits(mut self, grid: &Grid, edits: Edits) -> Self {
        *self.edits_mut(grid) = edits;
        self
    }

    /// This shape with other notes, or the model's own.
    #[must_use]
    pub const fn with_kit(self, kit: Option<Kit>) -> Self {
        Self { kit, ..self }
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

    const GRID: Grid = Grid::FOUR_FOUR;

    fn take() -> Take {
        let mut take = Take { onsets: Pattern::EMPTY.with(0, 0).with(30, 1), ..Take::EMPTY };
        take.velocities[30][1] = 9;
        take
    }

    #[test]
    fn no_edits_leave_a_take_as_it_is() {
        assert_eq!(Edits::NONE.apply(&take(), &GRID), take());
    }

    #[test]
    fn a_lock_holds_its_step_on_or_off() {
        let locks = Locks::NONE.with(4, 2, Some(true)).with(0, 0, Some(false)).with(9, 9, Some(true));
        let held = Edits { locks: locks.with(9, 9, None), ..Edits::NONE }.apply(&take(), &GRID);
        assert_eq!(held.onsets, Pattern::EMPTY.with(4, 2).with(30, 1));
        assert_eq!(locks.count(), 3);
        assert_eq!(Locks::new(held.onsets, held.onsets).patterns(), (held.onsets, Pattern::EMPTY));
    }

    #[test]
    fn a_rotation_moves_onsets_velocities_and_locks_together() {
        let locks = Locks::NONE.with(31, 3, Some(true));
        let edits = Edits { rotation: 3, locks, ..Edits::NONE };
        let later = edits.apply(&take(), &GRID);
        assert_eq!(later.onsets, Pattern::EMPTY.with(3, 0).with(1, 1).with(2, 3));
        assert_eq!(later.velocities[1][1], 9);
        assert_eq!((edits.sounds_at(31, &GRID), edits.drawn_at(2, &GRID)), (2, 31));
    }

    #[test]
    fn a_rotation_turns_within_the_steps_of_its_grid() {
        let take = Take { onsets: Pattern::EMPTY.with(22, 0), ..Take::EMPTY };
        let edits = Edits { rotation: 27, ..Edits::NONE };
        assert_eq!(edits.apply(&take, &Grid::SHUFFLE).onsets, Pattern::EMPTY.with(1, 0));
        assert_eq!((edits.sounds_at(22, &Grid::THREE), edits.drawn_at(1, &Grid::THREE)), (1, 22));
    }

    #[test]
    fn every_grid_has_edits_of_its_own() {
        let shape = Shape::NONE.with_edits(&Grid::SHUFFLE, Edits { rotation: 5, ..Edits::NONE });
        assert_eq!(Grid::ALL.map(|grid| shape.edits(&grid).rotation), [0, 5, 0]);
    }
}

//! The puck: where it is drawn, where it has been, and where it has rested.

/// How long the player's own place is drawn while a stopped host has not yet passed it on, in seconds.
pub(super) const PENDING_SECONDS: f64 = 1.0;
/// Places of the trail.
const TRAIL: usize = 40;
/// How far the puck goes before the trail gets another place.
const TRAIL_STEP: f32 = 0.004;
/// Resting places that are remembered.
const CRUMBS: usize = 32;
/// Resting places this close are one.
const SAME_CRUMB: f32 = 0.012;

/// What the player's hand does with the puck, and where that led.
#[derive(Clone, Debug, Default)]
pub(in crate::editor) struct Puck {
    /// The place under the hand while it drags.
    pub(super) held: Option<[f32; 2]>,
    /// The place that the hand left, and when, until the parameters have caught up.
    pub(super) left: Option<([f32; 2], f64)>,
    trail: Vec<[f32; 2]>,
    crumbs: Vec<[f32; 2]>,
}

fn apart(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

impl Puck {
    /// Where the puck is drawn: under the hand, or where it was left, else where the parameters say.
    pub(super) fn shown(&mut self, params: [f32; 2], now: f64) -> [f32; 2] {
        if let Some((place, since)) = self.left {
            let caught_up = (place[0] - params[0]).abs() + (place[1] - params[1]).abs() < 1e-3;
            if caught_up || now - since > PENDING_SECONDS {
                self.left = None;
            }
        }
        let shown = self.held.or(self.left.map(|(place, _)| place)).unwrap_or(params);
        if self.trail.last().is_none_or(|last| apart(*last, shown) > TRAIL_STEP) {
            self.trail.push(shown);
            let long = self.trail.len().saturating_sub(TRAIL);
            self.trail.drain(..long);
        }
        shown
    }

    /// The hand leaves the puck at a place, where it rests.
    pub(super) fn leave(&mut self, place: [f32; 2], now: f64) {
        self.held = None;
        self.left = Some((place, now));
        self.crumbs.retain(|crumb| apart(*crumb, place) > SAME_CRUMB);
        self.crumbs.push(place);
        let many = self.crumbs.len().saturating_sub(CRUMBS);
        self.crumbs.drain(..many);
    }

    /// Where it has been lately, the latest last.
    pub(super) fn trail(&self) -> &[[f32; 2]] {
        &self.trail
    }

    /// Where it has rested, the latest last.
    pub(super) fn crumbs(&self) -> &[[f32; 2]] {
        &self.crumbs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_puck_stays_where_it_was_left_until_the_host_has_passed_it_on() {
        let mut puck = Puck::default();
        puck.leave([0.9, 0.1], 10.0);
        assert_eq!(puck.shown([0.5, 0.5], 10.1), [0.9, 0.1]);
        assert_eq!(puck.shown([0.9, 0.1], 10.2), [0.9, 0.1]);
        assert_eq!(puck.shown([0.2, 0.2], 10.3), [0.2, 0.2], "once passed on, automation moves it");
    }

    #[test]
    fn a_host_that_never_passes_it_on_gets_the_puck_back() {
        let mut puck = Puck::default();
        puck.leave([0.9, 0.1], 10.0);
        assert_eq!(puck.shown([0.5, 0.5], 11.5), [0.5, 0.5]);
    }

    #[test]
    fn the_last_32_resting_places_are_remembered_each_once() {
        let mut puck = Puck::default();
        for rest in 0..40 {
            puck.leave([rest as f32 / 40.0, 0.5], 0.0);
        }
        assert_eq!(puck.crumbs().len(), CRUMBS);
        puck.leave(puck.crumbs()[0], 1.0);
        assert_eq!(puck.crumbs().len(), CRUMBS, "a place that it came back to is no new one");
    }
}

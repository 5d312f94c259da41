//! What the player did to the beat itself, as a project keeps it.

use beat::{Continuation, INSTRUMENTS, Kit, Locks, Orbit, Pattern, Shape};
use serde::{Deserialize, Serialize};

/// A [`Shape`] in plain numbers. What is no part of a shape is left out when it is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptShape {
    /// Steps held on, bit `i` of each for instrument `i`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on: Vec<u16>,
    /// Steps held off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    off: Vec<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trims: Vec<f32>,
    rotation: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orbit: Vec<[f32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<KeptCarried>,
}

/// Two bars that are carried on, in plain numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct KeptCarried {
    steps: Vec<u16>,
    place: [f32; 2],
    take: u8,
}

impl KeptCarried {
    /// What has to be kept; nothing of bars whose place is none, since JSON has no word for it.
    fn of(carried: &Continuation) -> Option<Self> {
        let Continuation { pattern, place, take } = *carried;
        is_on_the_map(place).then(|| Self { steps: pattern.steps().to_vec(), place, take })
    }

    fn carried(&self) -> Option<Continuation> {
        let pattern = Pattern::new(self.steps.as_slice().try_into().ok()?)?;
        let take = self.take % beat::BANK_TAKES as u8;
        is_on_the_map(self.place).then_some(Continuation { pattern, place: self.place, take })
    }
}

/// False where a coordinate is no number, too.
fn is_on_the_map(place: [f32; 2]) -> bool {
    place.iter().all(|coordinate| (0.0..=1.0).contains(coordinate))
}

impl KeptShape {
    /// What has to be kept of a shape.
    pub fn of(shape: &Shape) -> Self {
        let (on, off) = shape.locks.patterns();
        let steps = |pattern: Pattern| match pattern.hits() {
            0 => Vec::new(),
            _ => pattern.steps().to_vec(),
        };
        Self {
            on: steps(on),
            off: steps(off),
            trims: if shape.trims == [0.0; INSTRUMENTS] { Vec::new() } else { shape.trims.to_vec() },
            rotation: shape.rotation,
            notes: shape.kit.map_or(Vec::new(), |kit| kit.notes().to_vec()),
            orbit: shape.orbit.map_or(Vec::new(), |orbit| orbit.places().to_vec()),
            carried: shape.continuation.as_ref().and_then(KeptCarried::of),
        }
    }

    /// The shape; each part that makes no sense is as if it had never been set.
    pub fn shape(&self) -> Shape {
        let pattern = |steps: &[u16]| steps.try_into().ok().and_then(Pattern::new).unwrap_or_default();
        let trim = |instrument: usize| self.trims.get(instrument).copied().filter(|trim| !trim.is_nan());
        Shape {
            locks: Locks::new(pattern(&self.on), pattern(&self.off)),
            trims: std::array::from_fn(|at| trim(at).unwrap_or(0.0).clamp(-1.0, 1.0)),
            rotation: self.rotation % beat::STEPS as u8,
            kit: self.notes.as_slice().try_into().ok().and_then(Kit::new),
            orbit: self.orbit.as_slice().try_into().ok().and_then(Orbit::new),
            continuation: self.carried.as_ref().and_then(KeptCarried::carried),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_comes_back_as_it_was() {
        let mut shape = Shape {
            locks: Locks::NONE.with(3, 1, Some(true)).with(31, 13, Some(false)),
            rotation: 5,
            kit: Some(Kit::PAPER),
            orbit: Orbit::along(&[[0.1, 0.1], [0.9, 0.5]]),
            continuation: Some(Continuation {
                pattern: Pattern::EMPTY.with(4, 1),
                place: [0.25, 0.5],
                take: 3,
            }),
            ..Shape::NONE
        };
        shape.trims[2] = -0.25;
        let text = serde_json::to_string(&KeptShape::of(&shape)).expect("plain numbers");
        let kept: KeptShape = serde_json::from_str(&text).expect("what was written");
        assert_eq!(kept.shape(), shape);
        assert_eq!(KeptShape::of(&Shape::NONE).shape(), Shape::NONE);
    }

    #[test]
    fn bars_carried_on_at_no_place_of_the_map_lose_nothing_of_the_rest() {
        let steps = ["0"; beat::STEPS].join(",");
        for place in ["1e99,0.5", "0.5,-0.1", "7,7"] {
            let text =
                format!(r#"{{"rotation":5,"carried":{{"steps":[{steps}],"place":[{place}],"take":3}}}}"#);
            let kept: KeptShape = serde_json::from_str(&text).expect("numbers of the right kinds");
            let again = serde_json::to_string(&KeptShape::of(&kept.shape())).expect("plain numbers");
            let again: KeptShape = serde_json::from_str(&again).expect("what was written");
            assert_eq!(again.shape(), Shape { rotation: 5, ..Shape::NONE }, "{place}");
        }
        let carried = Continuation { pattern: Pattern::EMPTY, place: [f32::NAN, 0.5], take: 0 };
        let kept = KeptShape::of(&Shape { rotation: 5, continuation: Some(carried), ..Shape::NONE });
        assert_eq!(kept.shape(), Shape { rotation: 5, ..Shape::NONE });
    }

    #[test]
    fn hostile_numbers_are_as_if_never_set() {
        let text = r#"{"on":[65535],"off":[1,2,3],"trims":[9e9,-9],"rotation":200,"notes":[128],"orbit":[[7,7]],"carried":{"steps":[1]}}"#;
        let kept: KeptShape = serde_json::from_str(text).expect("numbers of the right kinds");
        let shape = kept.shape();
        assert_eq!(
            (shape.locks, shape.kit, shape.orbit, shape.continuation),
            (Locks::NONE, None, None, None)
        );
        assert_eq!((shape.trims[0], shape.trims[1], shape.rotation), (1.0, -1.0, 8));
    }
}

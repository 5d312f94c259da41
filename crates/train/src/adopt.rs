//! The weights of a model of one grid as a start for a model of another: what stands at a step of 4/4 is taken over by the
//! step that is read there.

use beat::{Grid, INSTRUMENTS};
use nets::{Array, GridReading, Model, Weights};

/// The weights of `model`, which is in 4/4 or on this grid already, with every axis over cells or steps as long as those of `grid`.
pub(crate) fn adopted(model: &Model, grid: &Grid) -> Weights {
    let reading = GridReading::of(*grid);
    let from = *model.grid();
    if from == *grid {
        return model.parts().weights.clone();
    }
    let steps: Vec<usize> =
        (0..grid.steps()).map(|step| reading.steps_read_at(step).start % from.steps()).collect();
    let cells: Vec<usize> =
        steps.iter().flat_map(|step| (0..INSTRUMENTS).map(move |drum| step * INSTRUMENTS + drum)).collect();
    let mut adopted = Weights::default();
    for (name, array) in model.parts().weights.iter() {
        let is_position = name == "head.position.weight";
        let axis = |length: usize| match length {
            _ if length == from.cells() => Some(&cells),
            _ if is_position && length == from.steps() => Some(&steps),
            _ => None,
        };
        adopted.insert(name, taken(array, axis));
    }
    adopted
}

/// The entries of an array of one or two axes that `axis` names for an axis of this length; all where it names none.
fn taken<'a>(array: &Array, axis: impl Fn(usize) -> Option<&'a Vec<usize>>) -> Array {
    let columns = array.shape.last().copied().unwrap_or(1);
    let rows = array.values.len() / columns.max(1);
    let entries = |length: usize| axis(length).cloned().unwrap_or_else(|| (0..length).collect());
    let (taken_rows, taken_columns) = match array.shape.len() {
        2 => (entries(rows), entries(columns)),
        _ => ((0..rows).collect(), entries(columns)),
    };
    let values =
        taken_rows.iter().flat_map(|row| taken_columns.iter().map(move |column| row * columns + column));
    let mut shape = array.shape.clone();
    if let [first, .., last] = shape.as_mut_slice() {
        (*first, *last) = (taken_rows.len(), taken_columns.len());
    } else if let [only] = shape.as_mut_slice() {
        *only = taken_columns.len();
    }
    Array { shape, values: values.map(|index| array.values[index]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::{Architecture, head_arrays};

    #[test]
    fn a_model_of_another_grid_has_the_weights_of_the_steps_that_it_is_read_at() {
        let mut parts = Model::synthetic_parts(3);
        parts.weights.extend(Weights::initial(&head_arrays(&Grid::FOUR_FOUR), 3));
        let model = Model::new("in four", parts).expect("a sound model");
        for grid in Grid::ALL {
            let weights = adopted(&model, &grid);
            let architecture = Architecture::paper().on(grid);
            assert_eq!(weights.check(&[architecture.arrays(), head_arrays(&grid)].concat()), Ok(()));
            if grid == Grid::FOUR_FOUR {
                assert_eq!(weights, model.parts().weights);
            }
        }
        let bias = |weights: &Weights| weights.get("decoder.output.bias").expect("a bias").values.clone();
        let (own, shuffled) = (bias(&model.parts().weights), bias(&adopted(&model, &Grid::SHUFFLE)));
        // The first step of the second beat: of 4 steps, and of 3.
        assert_eq!(shuffled[3 * INSTRUMENTS + 1], own[4 * INSTRUMENTS + 1]);
    }
}

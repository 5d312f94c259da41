use super::*;

fn check(grid: &str, steps_per_bar: usize) {
    let read: SongGrid = grid.parse().unwrap();
    assert_eq!((read.to_string().as_str(), read.steps_per_bar()), (grid, steps_per_bar));
}

#[test]
fn a_grid_is_named_by_its_signature_and_its_steps() {
    check("4/4s", 16);
    check("4/4t", 12);
    check("3/4s", 12);
    check("3/4t", 9);
    check("6/8s", 12);
    check("7/8s", 14);
    check("5/4s", 20);
    check("6/4s", 24);
    check("7/16s", 7);
    check("12/8s", 24);
    for no_grid in ["", "4/4", "0/4s", "4/5s", "7/4s", "6/8t", "3/32s", "4/4x", "300/4s"] {
        assert!(no_grid.parse::<SongGrid>().is_err(), "{no_grid}");
    }
}

#[test]
fn bars_as_long_as_four_four_and_their_halves_are_counted_in_it() {
    for metre in ["2/2", "8/8", "2/4", "4/4", "1/1", "4/8"] {
        assert_eq!(metre.parse::<Metre>().unwrap().counted(), Metre::FOUR_FOUR, "{metre}");
    }
    for metre in ["3/4", "6/8", "12/8", "1/4", "4/2"] {
        let metre: Metre = metre.parse().unwrap();
        assert_eq!(metre.counted(), metre);
    }
}

/// Checks the grid of a region of this metre with hits at these places, in 60ths of a quarter note.
fn check_region(rule: GridRule, metre: &str, places: &[u32], expected: &str) {
    let choice = GridSelection { rule, metres: Metres::All };
    let positions = places.iter().map(|place| f64::from(*place) / 15.0);
    let found = match choice.region(metre.parse().unwrap(), positions).unwrap() {
        Ok(region) => format!("{} {:.2}", region.grid, region.step_sixteenths),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{rule:?} {metre} {places:?}");
}

#[test]
fn a_region_is_read_on_what_it_is_played_on() {
    use GridRule::{Auto, Sixteenths, Triplets};
    check_region(Auto, "4/4", &[0, 15, 30, 45], "4/4s 1.00");
    check_region(Auto, "4/4", &[0, 40, 60, 100], "4/4t 1.33");
    check_region(Auto, "4/4", &[0, 41, 59, 61], "4/4t 1.33");
    check_region(Auto, "4/4", &[0, 38, 60, 98], "4/4s 1.00"); // .033 of a quarter note off
    check_region(Auto, "4/4", &[0, 40, 15, 60], "4/4s 1.00"); // as many on a sixteenth
    check_region(Auto, "4/4", &[0, 0, 0, 0, 0, 0, 0, 40], "4/4t 1.33"); // 12.5 %
    check_region(Auto, "4/4", &[0, 0, 0, 0, 0, 0, 0, 0, 40], "4/4s 1.00"); // 11.1 %
    check_region(Auto, "3/4", &[0, 40], "3/4t 1.33");
    check_region(Auto, "2/2", &[0, 40], "4/4t 1.33");
    check_region(Auto, "6/8", &[0, 40], "6/8s 1.00");
    check_region(Auto, "12/8", &[0, 30], "4/4t 2.00");
    check_region(Sixteenths, "12/8", &[0, 40], "12/8s 1.00");
    check_region(Triplets, "4/4", &[0, 15], "4/4t 1.33");
    check_region(Triplets, "6/8", &[0, 15], "a bar is no whole number of steps");
    check_region(Auto, "7/4", &[0], "two bars have more than 48 steps");
    check_region(Auto, "7/4", &[40], "7/4t 1.33");
}

#[test]
fn a_metre_is_chosen_as_it_is_written_or_as_it_is_counted() {
    let chosen = |rule, metres: &[&str], metre: &str| {
        let metres = Metres::Only(metres.iter().map(|metre| metre.parse().unwrap()).collect());
        GridSelection { rule, metres }.region(metre.parse().unwrap(), std::iter::empty()).is_some()
    };
    assert!(chosen(GridRule::Sixteenths, &["4/4"], "2/4"));
    assert!(chosen(GridRule::Sixteenths, &["3/4", "2/4"], "2/4"));
    assert!(!chosen(GridRule::Sixteenths, &["2/4"], "4/4"));
    assert!(!chosen(GridRule::Sixteenths, &["4/4"], "12/8"));
    assert!(chosen(GridRule::Auto, &["4/4"], "12/8"));
    assert!(chosen(GridRule::Auto, &["12/8"], "12/8"));
}

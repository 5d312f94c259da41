//! States that were saved by older versions. Runs on whichever thread the host loads a state on.

use nice_plug::prelude::PluginState;

/// Makes a state that was saved by an older version sound as it did there.
pub(crate) fn open_older(state: &mut PluginState) {
    // Before there was a built-in kit, the notes alone were heard, through another instrument. The
    // framework gives its values no name outside, so this one is written as it stands in a state.
    if let Ok(off) = serde_json::from_str(r#"{"f32":0.0}"#) {
        state.params.entry("kitlevel".to_owned()).or_insert(off);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_from_before_the_built_in_kit_opens_without_it() {
        let kit_level = |params: &str| {
            let text = format!(r#"{{"version":"0.1.0","params":{{{params}}},"fields":{{}}}}"#);
            let mut state: PluginState = serde_json::from_str(&text).expect("a state");
            open_older(&mut state);
            serde_json::to_value(&state).expect("a state")["params"]["kitlevel"]["f32"].as_f64()
        };
        assert_eq!(kit_level(r#""x":{"f32":0.3}"#), Some(0.0));
        assert_eq!(kit_level(r#""kitlevel":{"f32":0.5}"#), Some(0.5), "a newer one keeps its own");
    }
}

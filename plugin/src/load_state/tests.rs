//! States of this build, of others and damaged ones. The last tests run every state that the fuzzer kept, and
//! some hundred damaged ones, through the same entry as under the fuzzer: `cargo xtask fuzz state` looks for
//! more, `cargo xtask states` plays what it makes.

#[path = "../../../fuzz/entries/damage.rs"]
mod damage;
#[path = "../../../fuzz/entries/state.rs"]
mod entry;
#[path = "../../../fuzz/entries/kept.rs"]
mod kept;

use super::*;

/// A state as this build saves it.
fn saved() -> PluginState {
    let params = BeatfieldParams::default();
    let values = parameters(&params).into_iter().map(|(id, parameter)| (id, parameter.default()));
    PluginState { version: "0.1.0".into(), params: values.collect(), fields: params.serialize_fields() }
}

/// What an instance makes of a state: its parameters' values as text, and the remark.
fn read(mut state: PluginState) -> (PluginState, Option<String>) {
    complete(&mut state);
    let params = BeatfieldParams::default();
    params.deserialize_fields(&state.fields);
    (state, params.saved.remark())
}

fn check(change: impl FnOnce(&mut PluginState), expected: &str) {
    let mut state = saved();
    change(&mut state);
    let (_, remark) = read(state);
    match remark {
        Some(remark) => {
            assert!(!expected.is_empty() && remark.contains(expected), "{remark:?}, {expected:?}")
        }
        None => assert_eq!(expected, ""),
    }
}

fn field(name: &'static str, value: &'static str) -> impl FnOnce(&mut PluginState) {
    move |state| drop(state.fields.insert(name.into(), value.into()))
}

fn parameter(name: &'static str, value: ParamValue) -> impl FnOnce(&mut PluginState) {
    move |state| drop(state.params.insert(name.into(), value))
}

#[test]
fn a_state_of_this_build_comes_through_as_it_is() {
    let (state, remark) = read(saved());
    assert_eq!(remark, None);
    assert_eq!(format!("{:?}", state.params), format!("{:?}", saved().params));
    for name in ["model", "bank", "shape", "scenes", "window"] {
        assert_eq!(state.fields[name], saved().fields[name]);
    }
}

#[test]
fn a_window_of_before_the_scale_was_kept_opens_at_100_percent_and_a_later_one_at_its_own() {
    for (kept, scale) in
        [(r#"{"width":700,"height":600}"#, 100), (r#"{"width":700,"height":600,"scale":75}"#, 75)]
    {
        let mut state = saved();
        state.fields.insert("window".into(), kept.into());
        complete(&mut state);
        let params = BeatfieldParams::default();
        params.deserialize_fields(&state.fields);
        assert_eq!(params.saved.remark(), None);
        assert_eq!(params.saved.window_size(), WindowSize { width: 700, height: 600, scale });
    }
}

/// Before there were other metres everything was played in 4/4, whatever the host's time signature.
#[test]
fn a_project_of_before_there_were_metres_stays_in_four() {
    let mut state = saved();
    state.params.remove("metre");
    open_older(&mut state);
    complete(&mut state);
    assert!(matches!(&state.params["metre"], ParamValue::String(id) if id == "four"));
    let mut state = saved();
    open_older(&mut state);
    complete(&mut state);
    assert!(matches!(&state.params["metre"], ParamValue::I32(0)), "what a project of today says stays");
}

#[test]
fn a_state_of_a_newer_build_is_read_as_far_as_it_is_known_and_says_so() {
    check(field("beatfield", "7"), "saved by a newer Beatfield (state 7, this one knows 2)");
    check(field("beatfield", "1"), "");
    for strange in ["0", "-1", "4294967296", "\"1\"", "1.5", "[]", "", "{\"remark\":\"of the state's own\"}"]
    {
        check(field("beatfield", strange), "does not say which Beatfield saved it");
    }
    check(|state| drop(state.fields.remove("beatfield")), "does not say");
    check(parameter("of a later build", ParamValue::Bool(true)), "");
    check(field("of a later build", "what?"), "");
}

#[test]
fn what_is_damaged_gets_what_is_nearest_and_is_named() {
    check(
        parameter("channel", ParamValue::I32(i32::MIN)),
        "damaged and are set to what is nearest: channel.",
    );
    check(parameter("variation", ParamValue::I32(1000)), "variation");
    check(parameter("x", ParamValue::F32(f32::INFINITY)), ": x.");
    check(parameter("x", ParamValue::F32(f32::NAN)), ": x.");
    check(parameter("seed", ParamValue::F32(1.0)), ": seed.");
    check(parameter("commit", ParamValue::String("never".into())), ": commit.");
    check(parameter("mute_3", ParamValue::I32(1)), ": mute_3.");
    check(field("bank", "{\"period\":8,\"notes\":[36]}"), ": bank.");
    check(field("model", "7"), ": model.");
    check(field("shape", "7"), ": shape.");
    check(field("scenes", "{}"), ": scenes.");
    // It was played, but saved as something that could not be read: JSON knows no infinity.
    check(field("shape", "{\"rotation\":3,\"orbit\":[[1e300,0.9]]}"), ": shape.");
    let mut state = saved();
    field("shape", "{\"rotation\":3,\"orbit\":[[1e300,0.9]]}")(&mut state);
    assert_eq!(read(state).0.fields["shape"], "{\"rotation\":3}");
    check(field("window", "{\"width\":-3}"), ": window.");
    let mut state = saved();
    for (id, value) in
        [("channel", ParamValue::I32(99)), ("y", ParamValue::F32(-7.0)), ("seed", ParamValue::Bool(true))]
    {
        state.params.insert(id.into(), value);
    }
    let (state, _) = read(state);
    assert!(matches!(state.params["channel"], ParamValue::I32(16)));
    assert!(matches!(state.params["y"], ParamValue::F32(0.0)));
    assert!(matches!(state.params["seed"], ParamValue::I32(4711)));
}

/// The framework panics when it saves a choice that does not exist, and takes the host with it.
#[test]
fn a_choice_by_a_number_that_does_not_exist_is_refused() {
    check(parameter("commit", ParamValue::I32(99)), ": commit.");
    check(parameter("grid", ParamValue::I32(-1)), ": grid.");
    check(parameter("bounce", ParamValue::I32(1)), "");
}

/// An undo in a host that says nothing of a parameter must not leave what the instance had.
#[test]
fn what_a_state_does_not_say_has_its_default() {
    let (state, remark) = read(PluginState {
        version: String::new(),
        params: Default::default(),
        fields: [("beatfield".to_owned(), "1".to_owned())].into(),
    });
    assert_eq!(remark, None, "a state of an older build, which had fewer parameters");
    assert_eq!(format!("{:?}", state.params), format!("{:?}", saved().params));
    assert_eq!(state.fields["bank"], saved().fields["bank"]);
    assert_eq!(state.fields["model"], "{}");
}

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

fn kept() -> Vec<Vec<u8>> {
    kept::kept("state").into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn kept_states_are_refused_or_made_whole() {
    let kept = kept();
    kept.iter().for_each(|bytes| entry::state(bytes));
    assert!(kept.len() >= 4, "{} kept states: the fuzzer starts from nothing", kept.len());
}

#[test]
fn damaged_states_are_refused_or_made_whole() {
    let kept = kept();
    let count = std::env::var("BEATFIELD_DAMAGED").ok().and_then(|count| count.parse().ok()).unwrap_or(500);
    for number in 0..count {
        let bytes = damage::damaged(&kept, number);
        let met = std::panic::catch_unwind(|| entry::state(&bytes));
        assert!(met.is_ok(), "damaged state {number} breaks it: {}", String::from_utf8_lossy(&bytes));
    }
}

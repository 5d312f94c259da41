//! The real window of an active plugin to which the host sends no blocks, under Xvfb. A child process that has
//! the right DISPLAY does it: this program again, as one of its tests.

use crate::sessions::display;
use end_to_end::create;
use rig::desktop::{FakeInput, InputAction, Screenshot};
use rig::hosts::RequestedSize;
use rig::hosts::saved_state::json_of;
use rig::{Instance, Mode, PluginFormat, Session, Setup};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// The variable that names the format of the child process.
const FORMAT: &str = "BEATFIELD_CHILD_FORMAT";
const SIZE: (u32, u32) = (960, 860);

#[test]
fn a_puck_dragged_while_no_block_comes_is_saved_where_it_was_left() {
    let Some(display) = display() else { return };
    let program = std::env::current_exe().expect("the path of this program");
    for format in PluginFormat::ALL {
        let output = Command::new(&program)
            .args(["window_without_blocks::child_of_a_drag", "--exact", "--ignored", "--nocapture"])
            .env(FORMAT, format!("{format:?}"))
            .env("DISPLAY", display.name())
            .env_remove("WAYLAND_DISPLAY")
            .output()
            .expect("this program starts again");
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{format:?}: {}\n{printed}{errors}", output.status);
        assert!(printed.contains("1 passed"), "{format:?}: the child ran no test\n{printed}");
    }
}

/// The place that is saved: as parameters, and as what the saved bank was decoded for.
fn saved_places(instance: &mut Instance) -> [Option<[f64; 2]>; 2] {
    let state = instance.save().expect("the plugin saves");
    let state: Value = serde_json::from_slice(json_of(&state)).expect("a state is JSON");
    let bank = state["fields"]["bank"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let bank = bank.unwrap_or_default();
    let pair = |x: &Value, y: &Value| Some([x.as_f64()?, y.as_f64()?]);
    let (params, settings) = (&state["params"], &bank["settings"]);
    [pair(&params["x"]["f32"], &params["y"]["f32"]), pair(&settings["x"], &settings["y"])]
}

#[test]
#[ignore = "run by the test above in a process of its own"]
fn child_of_a_drag() {
    let name = std::env::var(FORMAT).expect("the test above names a format");
    let format = PluginFormat::ALL.into_iter().find(|format| format!("{format:?}") == name);
    let format = format.expect("a format");
    let mut instance = create(format);
    let size = RequestedSize { pixels: Some(SIZE), ..RequestedSize::default() };
    instance.open_window("Beatfield", size).expect("the window opens");
    let mut session =
        Session::start(&mut instance, Setup::new(Mode::Realtime), 120.0).expect("the plugin activates");
    session.render(480).expect("the plugin plays");
    let shows = |_: &mut Session<'_>| {
        Screenshot::take(SIZE.0, SIZE.1).expect("the screen can be seen").shows_something()
    };
    until(&mut session, "the window shows something", shows);
    let input = FakeInput::new().expect("the server accepts test input");
    let drag = "move 283 283; press; move 200 360; move 120 440; move 90 470; release";
    for action in InputAction::parse_all(drag).expect("a valid script") {
        action.perform(&input).expect("the server accepts it");
        session.wait_without_blocks(Duration::from_millis(100));
    }
    until(&mut session, "the drag is saved, and a bank of its place", |session| {
        let [params, bank] = saved_places(session.instance());
        params == bank && params.is_some_and(|[x, _]| x < 0.2)
    });
    let left = saved_places(session.instance())[0];
    session.wait_without_blocks(Duration::from_millis(1500));
    assert_eq!(saved_places(session.instance())[0], left, "it springs back");
    let state = session.instance().save().expect("the plugin saves");
    let mut reopened = create(format);
    reopened.load(&state).expect("the plugin opens its own state");
    let x = reopened.parameter("X").expect("the plugin has an X");
    assert!(reopened.value(x).is_ok_and(|x| x < 0.2));
}

/// Lets time pass without a block until a condition holds.
fn until(session: &mut Session<'_>, what: &str, condition: impl Fn(&mut Session<'_>) -> bool) {
    for _ in 0..600 {
        if condition(session) {
            return;
        }
        session.wait_without_blocks(Duration::from_millis(100));
    }
    let places = saved_places(session.instance());
    panic!("{what}: not within a minute; saved are the places {places:?} of the parameters and of the bank");
}

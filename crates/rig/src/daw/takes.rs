//! What the DAW records, and the same as a Lua table for the script that runs in it.

use std::ops::Range;
use std::path::Path;

use beat::{Grid, is_compound};

/// Quarter notes a minute; no step falls on a whole sample.
pub const TEMPO: f64 = 93.7;
/// Samples a second.
pub(crate) const RATE: f64 = 48_000.0;
/// Samples of a block.
pub(crate) const FRAMES: u32 = 256;
/// The loop, in quarter notes: one bar, with the end of a pattern in its middle.
pub const LOOP: Range<f64> = 6.0..10.0;
/// The parameters of all takes: denser than usual, for more notes.
pub(crate) const SETTINGS: [(&str, f64); 1] = [("Density", 0.5)];

/// Two values of X, exact both as f32, which Ardour uses, and as f64, which the rig uses.
const LEFT: f64 = 0.25;
const RIGHT: f64 = 0.75;
/// Quarter notes after a change of X in which the bank may still change: a busy machine may take so long to
/// decode (0.64 s).
const SETTLING: f64 = 1.0;

/// One recording.
#[derive(Clone, Debug)]
pub struct DawTake {
    /// The name of the take, its track and its file.
    pub name: &'static str,
    /// Quarter notes that are recorded, all passes of a loop together.
    pub beats: f64,
    /// The time signatures, each with the song position from which it holds, the first at 0.
    pub signatures: Vec<(f64, (u16, u16))>,
    /// Whether it plays in [`LOOP`]; else from bar 1.
    pub looped: bool,
    /// X at the start.
    pub x: f64,
    /// X's automation lane: song positions in quarter notes, and values.
    pub lane: Vec<(f64, f64)>,
    /// A change of X outside the automation: quarter notes since the start, and the value.
    pub move_x: Option<(f64, f64)>,
    /// The parts in which X is constant, so that the notes are known.
    pub steady: Vec<SteadyX>,
}

/// A part of a take in which X is constant.
#[derive(Clone, Debug)]
pub struct SteadyX {
    /// In quarter notes since the start of the take, all passes of a loop added up.
    pub spans: Vec<Range<f64>>,
    /// The value of X.
    pub x: f64,
}

impl DawTake {
    /// The length of a step, in quarter notes, so many quarter notes into the song.
    pub fn step_beats(&self, beats: f64) -> f64 {
        let holds = self.signatures.iter().rev().find(|(from, _)| *from <= beats + 0.01);
        let (upper, lower) = holds.map_or((4, 4), |(_, signature)| *signature);
        let grid = Grid::along(upper.into(), lower.into());
        let compound = is_compound(upper.into(), lower.into());
        if compound { grid.along_compound_bars().step_beats() } else { grid.step_beats() }
    }

    /// The song position of its start, in quarter notes.
    pub fn start(&self) -> f64 {
        if self.looped { LOOP.start } else { 0.0 }
    }
}

/// The takes: with and without a loop, with X constant, changed and automated; then in other time signatures and with
/// changes of them, which come last since Ardour keeps them for all later takes.
pub fn takes() -> Vec<DawTake> {
    let length = LOOP.end - LOOP.start;
    let moved = 2.0 * length + length / 2.0;
    let at_rest_in_each_pass: Vec<_> =
        (0..6).map(|pass| f64::from(pass) * length + 2.0 + SETTLING..f64::from(pass + 1) * length).collect();
    vec![
        DawTake {
            name: "plain",
            beats: 32.0,
            signatures: FOUR.to_vec(),
            looped: false,
            x: LEFT,
            lane: vec![],
            move_x: None,
            steady: vec![SteadyX { spans: vec![0.0..32.0], x: LEFT }],
        },
        DawTake {
            name: "automated",
            beats: 32.0,
            signatures: FOUR.to_vec(),
            looped: false,
            x: LEFT,
            lane: vec![(8.0, LEFT), (20.0, RIGHT)],
            move_x: None,
            steady: vec![
                SteadyX { spans: vec![0.0..8.0], x: LEFT },
                SteadyX { spans: vec![20.0 + SETTLING..32.0], x: RIGHT },
            ],
        },
        DawTake {
            name: "looped",
            beats: 8.0 * length,
            signatures: FOUR.to_vec(),
            looped: true,
            x: LEFT,
            lane: vec![],
            move_x: Some((moved, RIGHT)),
            steady: vec![
                SteadyX { spans: vec![0.0..moved], x: LEFT },
                SteadyX { spans: vec![moved + SETTLING..8.0 * length], x: RIGHT },
            ],
        },
        DawTake {
            name: "looped-automated",
            beats: 6.0 * length,
            signatures: FOUR.to_vec(),
            looped: true,
            x: LEFT,
            lane: vec![(LOOP.start, LEFT), (LOOP.start + 2.0, RIGHT)],
            move_x: None,
            steady: vec![SteadyX { spans: at_rest_in_each_pass, x: RIGHT }],
        },
        plain("waltz", &[(0.0, (3, 4))]),
        plain("six-eight", &[(0.0, (6, 8))]),
        plain("twelve-eight", &[(0.0, (12, 8))]),
        changing(),
    ]
}

/// Where Ardour's block reaches over the bar line, the bar's first step is still in the metre before, and as long as a
/// step there: so far it is not compared.
fn changing() -> DawTake {
    let signatures = [(0.0, (4, 4)), (8.0, (3, 4)), (14.0, (12, 8)), (20.0, (5, 4))];
    let mut take = plain("changing", &signatures);
    let ends = signatures.iter().skip(1).map(|(from, _)| *from).chain([take.beats]);
    let after = |from: f64| if from == 0.0 { 0.0 } else { from + take.step_beats(from - 0.1) - 0.05 };
    let spans: Vec<_> =
        signatures.iter().zip(ends).map(|((from, _), end)| after(*from)..end - 0.01).collect();
    take.steady[0].spans = spans;
    take
}

const FOUR: [(f64, (u16, u16)); 1] = [(0.0, (4, 4))];

/// A take from bar 1 with X constant, in these time signatures.
fn plain(name: &'static str, signatures: &[(f64, (u16, u16))]) -> DawTake {
    const BEATS: f64 = 30.0;
    DawTake {
        name,
        beats: BEATS,
        signatures: signatures.to_vec(),
        looped: false,
        x: LEFT,
        lane: vec![],
        move_x: None,
        steady: vec![SteadyX { spans: vec![0.0..BEATS], x: LEFT }],
    }
}

/// The takes as the Lua table that the script reads; the session goes to `folder`.
pub(crate) fn plan(takes: &[DawTake], folder: &Path) -> String {
    let mut lua = format!(
        "local plan = {{ folder = {}, rate = {RATE}, frames = {FRAMES}, tempo = {TEMPO}, \
         loop = {{ {}, {} }},\n",
        quoted(&folder.to_string_lossy()),
        LOOP.start,
        LOOP.end
    );
    let settings: String =
        SETTINGS.iter().map(|(name, value)| format!("{{ {}, {value} }}, ", quoted(name))).collect();
    lua.push_str(&format!("settings = {{ {settings}}}, takes = {{\n"));
    for take in takes {
        let lane: String = take.lane.iter().map(|(beat, x)| format!("{{ {beat}, {x} }}, ")).collect();
        let move_x = take.move_x.map_or("nil".to_owned(), |(beat, x)| format!("{{ {beat}, {x} }}"));
        let meters = take.signatures.iter();
        let meters: String =
            meters.map(|(beat, (upper, lower))| format!("{{ {beat}, {upper}, {lower} }}, ")).collect();
        lua.push_str(&format!(
            "{{ name = {}, beats = {}, looped = {}, x = {}, lane = {{ {lane}}}, move_x = {move_x}, \
             meters = {{ {meters}}} }},\n",
            quoted(take.name),
            take.beats,
            take.looped,
            take.x,
        ));
    }
    lua.push_str("} }\n");
    lua
}

/// A Lua string of any text, with special characters as numbers.
fn quoted(text: &str) -> String {
    let mut lua = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'"' && byte != b'\\' => lua.push(char::from(byte)),
            _ => lua.push_str(&format!("\\{byte:03}")),
        }
    }
    lua.push('"');
    lua
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_folder_can_be_quoted_in_lua() {
        assert_eq!(quoted("/tmp/a b"), "\"/tmp/a b\"");
        assert_eq!(quoted("a\"]]\\é\n"), "\"a\\034]]\\092\\195\\169\\010\"");
    }

    #[test]
    fn what_rests_lies_within_its_take() {
        for take in takes() {
            assert!(!take.steady.is_empty(), "{}", take.name);
            for span in take.steady.iter().flat_map(|rest| &rest.spans) {
                assert!(0.0 <= span.start && span.start < span.end && span.end <= take.beats, "{span:?}");
            }
        }
    }
}

//! What is played for the DAW's recorder, and the same as a table for the script that runs in it.

use std::ops::Range;
use std::path::Path;

/// Quarter notes a minute: no step of it falls on a whole sample.
pub const TEMPO: f64 = 93.7;
/// Samples a second.
pub(crate) const RATE: f64 = 48_000.0;
/// Samples of a block.
pub(crate) const FRAMES: u32 = 256;
/// The loop, in quarter notes: one bar, with the end of a pattern in its middle.
pub const LOOP: Range<f64> = 6.0..10.0;
/// What is set once for all takes: busier than usual, so that there is more to lose.
pub(crate) const SETTINGS: [(&str, f64); 1] = [("Density", 0.5)];

/// The puck here and there. Both have the same value as a float of 32 and of 64 bits: Ardour has the one,
/// the rig the other.
const HERE: f64 = 0.25;
const THERE: f64 = 0.75;
/// Quarter notes for which nothing is expected of a bank after X came to rest, since a busy machine may
/// take that long to decode: 0.64 s.
const SETTLING: f64 = 1.0;

/// One recording.
#[derive(Clone, Debug)]
pub struct Take {
    /// What it is called; its track and file too.
    pub name: &'static str,
    /// Quarter notes that are recorded, all passes of a loop together.
    pub beats: f64,
    /// Whether [`LOOP`] is on; else it is played from bar 1.
    pub looped: bool,
    /// X at the start.
    pub x: f64,
    /// X's automation lane: song positions in quarter notes, and values.
    pub lane: Vec<(f64, f64)>,
    /// When X is moved as a hand moves it, in quarter notes since the start, and to where.
    pub hand: Option<(f64, f64)>,
    /// Where X rests, so that one knows what has to sound.
    pub rests: Vec<Rest>,
}

/// A part of a take in which X rests.
#[derive(Clone, Debug)]
pub struct Rest {
    /// In quarter notes since the start of the take, all passes of a loop added up.
    pub spans: Vec<Range<f64>>,
    /// Where X is.
    pub x: f64,
}

impl Take {
    /// The song position at which it begins, in quarter notes.
    pub fn start(&self) -> f64 {
        if self.looped { LOOP.start } else { 0.0 }
    }
}

/// The four takes: with and without a loop, at rest, under a hand and under automation.
pub fn takes() -> Vec<Take> {
    let length = LOOP.end - LOOP.start;
    let moved = 2.0 * length + length / 2.0;
    let at_rest_in_each_pass: Vec<_> =
        (0..6).map(|pass| f64::from(pass) * length + 2.0 + SETTLING..f64::from(pass + 1) * length).collect();
    vec![
        Take {
            name: "plain",
            beats: 32.0,
            looped: false,
            x: HERE,
            lane: vec![],
            hand: None,
            rests: vec![Rest { spans: vec![0.0..32.0], x: HERE }],
        },
        Take {
            name: "automated",
            beats: 32.0,
            looped: false,
            x: HERE,
            lane: vec![(8.0, HERE), (20.0, THERE)],
            hand: None,
            rests: vec![
                Rest { spans: vec![0.0..8.0], x: HERE },
                Rest { spans: vec![20.0 + SETTLING..32.0], x: THERE },
            ],
        },
        Take {
            name: "looped",
            beats: 8.0 * length,
            looped: true,
            x: HERE,
            lane: vec![],
            hand: Some((moved, THERE)),
            rests: vec![
                Rest { spans: vec![0.0..moved], x: HERE },
                Rest { spans: vec![moved + SETTLING..8.0 * length], x: THERE },
            ],
        },
        Take {
            name: "looped-automated",
            beats: 6.0 * length,
            looped: true,
            x: HERE,
            lane: vec![(LOOP.start, HERE), (LOOP.start + 2.0, THERE)],
            hand: None,
            rests: vec![Rest { spans: at_rest_in_each_pass, x: THERE }],
        },
    ]
}

/// The takes as the Lua table that the script reads; the session goes to `folder`.
pub(crate) fn plan(takes: &[Take], folder: &Path) -> String {
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
        let hand = take.hand.map_or("nil".to_owned(), |(beat, x)| format!("{{ {beat}, {x} }}"));
        lua.push_str(&format!(
            "{{ name = {}, beats = {}, looped = {}, x = {}, lane = {{ {lane}}}, hand = {hand} }},\n",
            quoted(take.name),
            take.beats,
            take.looped,
            take.x,
        ));
    }
    lua.push_str("} }\n");
    lua
}

/// A Lua string of any text: what could mean something to Lua is written as a number.
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
    fn any_folder_can_be_said_in_lua() {
        assert_eq!(quoted("/tmp/a b"), "\"/tmp/a b\"");
        assert_eq!(quoted("a\"]]\\é\n"), "\"a\\034]]\\092\\195\\169\\010\"");
    }

    #[test]
    fn what_rests_lies_within_its_take() {
        for take in takes() {
            assert!(!take.rests.is_empty(), "{}", take.name);
            for span in take.rests.iter().flat_map(|rest| &rest.spans) {
                assert!(0.0 <= span.start && span.start < span.end && span.end <= take.beats, "{span:?}");
            }
        }
    }
}

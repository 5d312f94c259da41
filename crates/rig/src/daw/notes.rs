//! The notes of a recording: read from Ardour's MIDI file, played by the rig's own VST3 host, and compared.

use super::error::DawError;
use super::takes::{FRAMES, LOOP, RATE, Rest, SETTINGS, TEMPO, Take};
use crate::{Bundle, HostError, Mode, Session, Setup};
use midly::{MidiMessage, Smf, Timing, TrackEventKind};
use std::collections::BTreeSet;
use std::path::Path;

/// Ardour's own resolution: it rounds the position that it tells the plugin, and where it writes a note,
/// to this many parts of a quarter note.
pub const TICKS_A_BEAT: f64 = 1920.0;

/// A note of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Quarter notes from the start of the recording to its start.
    pub start: f64,
    /// To its end; none where the file has no note-off for it.
    pub end: Option<f64>,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
    /// Whether this note sounded already when it started.
    pub over_another: bool,
}

/// Reads the notes of the file at `path` in the order of their starts.
///
/// # Errors
/// It can't be read, is no MIDI file, or counts in something else than parts of a quarter note.
pub(crate) fn read(path: &Path) -> Result<Vec<Heard>, DawError> {
    let bytes = std::fs::read(path).map_err(DawError::file(path))?;
    let unreadable = |reason: String| DawError::Unreadable { path: path.to_owned(), reason };
    let smf = Smf::parse(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let Timing::Metrical(ticks) = smf.header.timing else {
        return Err(unreadable("it counts in SMPTE frames".to_owned()));
    };
    let ticks_a_beat = f64::from(ticks.as_int().max(1));
    let mut heard = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0_u32;
        for event in track {
            tick = tick.saturating_add(event.delta.as_int());
            if let TrackEventKind::Midi { channel, message } = event.kind
                && let Some((note, velocity)) = struck(message)
            {
                let beats = f64::from(tick) / ticks_a_beat;
                hear(&mut heard, beats, channel.as_int(), note, velocity);
            }
        }
    }
    Ok(heard)
}

/// Starts a note, or ends the one that sounds where `velocity` is 0.
fn hear(heard: &mut Vec<Heard>, beats: f64, channel: u8, note: u8, velocity: u8) {
    let sounding = heard
        .iter_mut()
        .rev()
        .find(|other| other.end.is_none() && (other.channel, other.note) == (channel, note));
    if velocity > 0 {
        let over_another = sounding.is_some();
        heard.push(Heard { start: beats, end: None, channel, note, velocity, over_another });
    } else if let Some(sounding) = sounding {
        sounding.end = Some(beats);
    }
}

/// Note and velocity of a note-on, velocity 0 of a note-off.
fn struck(message: MidiMessage) -> Option<(u8, u8)> {
    match message {
        MidiMessage::NoteOn { key, vel } => Some((key.as_int(), vel.as_int())),
        MidiMessage::NoteOff { key, .. } => Some((key.as_int(), 0)),
        _ => None,
    }
}

/// Steps of a quarter note.
pub(crate) const STEPS_A_BEAT: f64 = 4.0;
/// Samples for which the transport stands before it rolls.
const BEFORE: u32 = 4800;

/// A note's place: the step since the start of the take, all passes of a loop added up, its number and its
/// velocity.
pub(crate) type Place = (i64, u8, u8);

/// Bounces `take` with X at `x` from start to end, and returns where its notes lie.
///
/// # Errors
/// The plugin fails in our host.
pub(crate) fn play(bundle: &Bundle, take: &Take, x: f64) -> Result<BTreeSet<Place>, HostError> {
    let mut instance = bundle.create()?;
    let setup = Setup { rate: RATE, most_frames: BEFORE, mode: Mode::Offline };
    let mut session = Session::start(&mut *instance, setup, TEMPO)?;
    session.set_bounce(Mode::Offline)?;
    for (name, value) in SETTINGS {
        session.set_text(name, &value.to_string())?;
    }
    session.set_text("X", &x.to_string())?;
    session.render(BEFORE)?;
    let from = session.recorder().elapsed();
    if take.looped {
        session.transport().set_loop(Some(LOOP));
    }
    session.transport().seek(take.start());
    session.transport().play();
    session.render_beats(take.beats, std::iter::repeat(FRAMES))?;
    session.transport().stop();
    session.render(FRAMES)?;
    let recording = session.finish()?;
    let steps_a_sample = STEPS_A_BEAT * TEMPO / (60.0 * RATE);
    let places = recording.notes.iter().map(|note| {
        let step = (note.start.saturating_sub(from) as f64 * steps_a_sample).round() as i64;
        (step, note.note, note.velocity)
    });
    Ok(places.collect())
}

/// How far a recorded note may lie from its step, in ticks of 1/1920 of a quarter note: Ardour rounds the
/// position that it tells the plugin to one tick, and the place of the note that it writes to another.
pub const TOLERANCE_TICKS: f64 = 2.0;
/// The part of a step that notes last: the plugin's default.
const GATE: f64 = 0.5;
/// Faults that are described in words.
const MOST_WORDS: usize = 8;

/// Figures of one take; all but the first three should be 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Notes that were recorded.
    pub notes: usize,
    /// How many of them lie where X rests and were compared with the rig's own host.
    pub compared: usize,
    /// The largest distance from a step, in ticks of 1/1920 of a quarter note.
    pub worst_ticks: f64,
    /// Notes farther from their step than [`TOLERANCE_TICKS`].
    pub off_grid: usize,
    /// Notes that start while the same note sounds, or on a step that has it already.
    pub doubled: usize,
    /// Notes that the rig's own host plays and the recording lacks.
    pub missing: usize,
    /// Notes without a note-off, or with one that is later than the gate. Ardour itself ends what sounds
    /// when it stops, so a note that the stop cuts is shorter and not counted.
    pub hanging: usize,
    /// Notes that the rig's own host does not play.
    pub unexpected: usize,
    /// The first faults in words.
    pub words: Vec<String>,
}

impl Figures {
    /// Counts what a recording shows by itself.
    pub fn of_itself(take: &Take, heard: &[Heard]) -> Self {
        let mut figures = Self { notes: heard.len(), ..Self::default() };
        let mut seen = BTreeSet::new();
        for note in heard {
            let step = (note.start * STEPS_A_BEAT).round();
            let off = (note.start - step / STEPS_A_BEAT).abs() * TICKS_A_BEAT;
            figures.worst_ticks = figures.worst_ticks.max(off);
            if off > TOLERANCE_TICKS {
                figures.off_grid += 1;
                figures.say(take, note, &format!("lies {off:.1} ticks from its step"));
            }
            if !seen.insert((step as i64, note.channel, note.note)) || note.over_another {
                figures.doubled += 1;
                figures.say(take, note, "is doubled");
            }
            let latest = (step + GATE) / STEPS_A_BEAT + TOLERANCE_TICKS / TICKS_A_BEAT;
            if note.end.is_none_or(|end| end > latest) {
                figures.hanging += 1;
                figures.say(take, note, "hangs");
            }
        }
        figures
    }

    /// Compares the part of the recording in which X rests with what the rig's own host plays there.
    pub(crate) fn compare(&mut self, take: &Take, rest: &Rest, heard: &[Heard], expected: &BTreeSet<Place>) {
        let place = |note: &Heard| ((note.start * STEPS_A_BEAT).round() as i64, note.note, note.velocity);
        let rests = |&&(step, ..): &&Place| {
            let beats = step as f64 / STEPS_A_BEAT;
            rest.spans.iter().any(|span| span.contains(&beats))
        };
        let played: BTreeSet<Place> = heard.iter().map(place).collect();
        self.compared += played.iter().filter(rests).count();
        for &(step, note, velocity) in expected.difference(&played).filter(rests) {
            self.missing += 1;
            self.put(format!("{}: step {step} lacks note {note} with velocity {velocity}", take.name));
        }
        for &(step, note, velocity) in played.difference(expected).filter(rests) {
            self.unexpected += 1;
            self.put(format!("{}: step {step} has note {note} with velocity {velocity}", take.name));
        }
    }

    /// Whether nothing was wrong.
    pub fn are_clean(&self) -> bool {
        self.off_grid + self.doubled + self.missing + self.hanging + self.unexpected == 0
    }

    fn say(&mut self, take: &Take, note: &Heard, what: &str) {
        let (start, end) = (note.start, note.end.unwrap_or(f64::NAN));
        self.put(format!("{}: note {} from beat {start:.4} to {end:.4} {what}", take.name, note.note));
    }

    fn put(&mut self, words: String) {
        if self.words.len() < MOST_WORDS {
            self.words.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daw::takes::takes;
    use midly::num::{u4, u7, u15, u28};
    use midly::{Format, Header, TrackEvent};

    #[test]
    fn a_note_that_ends_where_it_starts_leaves_the_next_one_alone() -> Result<(), Box<dyn std::error::Error>>
    {
        let event = |delta: u32, velocity: u8| TrackEvent {
            delta: u28::new(delta),
            kind: TrackEventKind::Midi {
                channel: u4::new(9),
                message: MidiMessage::NoteOn { key: u7::new(36), vel: u7::new(velocity) },
            },
        };
        let mut smf = Smf::new(Header::new(Format::SingleTrack, Timing::Metrical(u15::new(100))));
        smf.tracks.push(vec![event(50, 90), event(0, 0), event(0, 100), event(25, 0), event(25, 110)]);
        let file = tempfile::NamedTempFile::new()?;
        smf.save(file.path())?;

        let heard = read(file.path())?;
        let times: Vec<_> = heard.iter().map(|note| (note.start, note.end, note.over_another)).collect();
        assert_eq!(times, [(0.5, Some(0.5), false), (0.5, Some(0.75), false), (1.0, None, false)]);
        Ok(())
    }

    #[test]
    fn a_file_of_something_else_is_named() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), "no music")?;
        let Err(error) = read(file.path()) else { return Err("it was read".into()) };
        assert!(error.to_string().contains("is not the MIDI file"), "{error}");
        Ok(())
    }

    fn note(start: f64, end: Option<f64>) -> Heard {
        Heard { start, end, channel: 9, note: 36, velocity: 100, over_another: false }
    }

    /// Counts of off grid, doubled and hanging.
    fn check(heard: &[Heard], expected: (usize, usize, usize)) {
        let figures = Figures::of_itself(&takes()[0], heard);
        assert_eq!((figures.off_grid, figures.doubled, figures.hanging), expected, "{figures:?}");
        assert_eq!(figures.are_clean(), expected == (0, 0, 0));
    }

    #[test]
    fn a_note_within_the_hosts_rounding_is_clean() {
        check(&[note(0.25, Some(0.375)), note(0.5 - 2.0 / 1920.0, Some(0.625))], (0, 0, 0));
    }

    #[test]
    fn each_fault_is_counted_once() {
        check(&[note(0.25 + 3.0 / 1920.0, Some(0.375))], (1, 0, 0));
        check(&[note(0.25, Some(0.375)), note(0.25, Some(0.375))], (0, 1, 0));
        check(&[Heard { over_another: true, ..note(0.25, Some(0.375)) }], (0, 1, 0));
        check(&[note(0.25, None)], (0, 0, 1));
        check(&[note(0.25, Some(0.5))], (0, 0, 1));
    }

    #[test]
    fn a_note_that_the_stop_cuts_does_not_hang() {
        check(&[note(31.75, Some(31.76))], (0, 0, 0));
    }

    #[test]
    fn only_where_x_rests_notes_are_missed() {
        let take = &takes()[1];
        let expected = BTreeSet::from([(0, 36, 100), (2, 36, 100), (40, 36, 100)]);
        let mut figures = Figures::default();
        figures.compare(take, &take.rests[0], &[note(0.25, None), note(0.5, None)], &expected);
        assert_eq!((figures.compared, figures.missing, figures.unexpected), (2, 1, 1));
    }
}

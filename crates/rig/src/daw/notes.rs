//! The notes of a recording: read from Ardour's MIDI file, played by the rig's own VST3 host, and compared.

use super::takes::{DawTake, FRAMES, LOOP, RATE, SETTINGS, SteadyX, TEMPO};
use crate::{Bundle, HostError, Mode, Session, Setup};
use anyhow::{Context, Result, bail};
use midly::{MidiMessage, Smf, Timing, TrackEventKind};
use std::collections::BTreeSet;
use std::path::Path;

/// Ardour's resolution: it rounds the position that it reports to the plugin and the time of a recorded note to
/// this many parts of a quarter note.
pub const TICKS_A_BEAT: f64 = 1920.0;

/// A note of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DawNote {
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
    pub overlaps: bool,
}

/// Reads the notes of the file at `path` in the order of their starts.
///
/// # Errors
/// It can't be read, is no MIDI file, or has a time base other than ticks per quarter note.
pub(crate) fn read(path: &Path) -> Result<Vec<DawNote>> {
    let name = path.display();
    let bytes = std::fs::read(path).with_context(|| name.to_string())?;
    let smf =
        Smf::parse(&bytes).with_context(|| format!("{name} is not the MIDI file that Ardour writes"))?;
    let Timing::Metrical(ticks) = smf.header.timing else {
        bail!("{name} is not the MIDI file that Ardour writes: its time base is SMPTE frames");
    };
    let ticks_a_beat = f64::from(ticks.as_int().max(1));
    let mut recorded = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0_u32;
        for event in track {
            tick = tick.saturating_add(event.delta.as_int());
            if let TrackEventKind::Midi { channel, message } = event.kind
                && let Some((note, velocity)) = note_and_velocity(message)
            {
                let beats = f64::from(tick) / ticks_a_beat;
                record_event(&mut recorded, beats, channel.as_int(), note, velocity);
            }
        }
    }
    Ok(recorded)
}

/// Starts a note, or ends the sounding one if `velocity` is 0.
fn record_event(recorded: &mut Vec<DawNote>, beats: f64, channel: u8, note: u8, velocity: u8) {
    let sounding = recorded
        .iter_mut()
        .rev()
        .find(|other| other.end.is_none() && (other.channel, other.note) == (channel, note));
    if velocity > 0 {
        let overlaps = sounding.is_some();
        recorded.push(DawNote { start: beats, end: None, channel, note, velocity, overlaps });
    } else if let Some(sounding) = sounding {
        sounding.end = Some(beats);
    }
}

/// Note and velocity of a note-on, velocity 0 of a note-off.
fn note_and_velocity(message: MidiMessage) -> Option<(u8, u8)> {
    match message {
        MidiMessage::NoteOn { key, vel } => Some((key.as_int(), vel.as_int())),
        MidiMessage::NoteOff { key, .. } => Some((key.as_int(), 0)),
        _ => None,
    }
}

/// Places of a quarter note: the steps of every grid lie on them.
pub(crate) const PLACES_A_BEAT: f64 = 12.0;
/// Samples before the transport starts.
const PRE_ROLL: u32 = 4800;

/// A note at its place: the place since the start of the take, all passes of a loop added up, the note and its
/// velocity.
pub(crate) type PlacedNote = (i64, u8, u8);

/// Renders `take` offline with X at `x` from start to end, and returns its notes.
///
/// # Errors
/// The plugin fails.
pub(crate) fn play(bundle: &Bundle, take: &DawTake, x: f64) -> Result<BTreeSet<PlacedNote>, HostError> {
    let mut instance = bundle.create()?;
    let setup = Setup { rate: RATE, most_frames: PRE_ROLL, ..Setup::new(Mode::Offline) };
    let mut session = Session::start(&mut instance, setup, TEMPO)?;
    session.set_bounce(Mode::Offline)?;
    for (name, value) in SETTINGS {
        session.set_text(name, &value.to_string())?;
    }
    session.set_text("X", &x.to_string())?;
    session.render(PRE_ROLL)?;
    let from = session.recorder().elapsed();
    if take.looped {
        session.transport().set_loop(Some(LOOP));
    }
    // At the song's start: where it is set, a bar begins.
    let mut signatures = take.signatures.iter().map(|(from, signature)| (*from, *signature));
    if let Some((_, (upper, lower))) = signatures.next() {
        session.transport().set_time_signature(upper, lower);
    }
    session.transport().seek(take.start());
    session.transport().play();
    let mut played = 0.0;
    for (from, (upper, lower)) in signatures {
        session.render_beats(from - played, std::iter::repeat(FRAMES))?;
        session.transport().set_time_signature(upper, lower);
        played = from;
    }
    session.render_beats(take.beats - played, std::iter::repeat(FRAMES))?;
    session.transport().stop();
    session.render(FRAMES)?;
    let recording = session.finish()?;
    let places_a_sample = PLACES_A_BEAT * TEMPO / (60.0 * RATE);
    let places = recording.notes.iter().map(|note| {
        let place = (note.start.saturating_sub(from) as f64 * places_a_sample).round() as i64;
        (place, note.note, note.velocity)
    });
    Ok(places.collect())
}

/// How far a recorded note may lie from its step, in ticks of 1/1920 of a quarter note: Ardour rounds the
/// position that it reports to one tick, and the time of the note that it writes to another.
pub const TOLERANCE_TICKS: f64 = 2.0;
/// The part of a step that notes last: the plugin's default.
const GATE: f64 = 0.5;
/// Faults that are described.
const MOST_DESCRIPTIONS: usize = 8;

/// The figures of one take; all but the first three should be 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakeFigures {
    /// Notes that were recorded.
    pub notes: usize,
    /// How many of them lie where X is constant and were compared with the rig's own host.
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
    /// Descriptions of the first faults.
    pub descriptions: Vec<String>,
}

impl TakeFigures {
    /// Counts the faults that need no comparison.
    pub fn of_recording(take: &DawTake, recorded: &[DawNote]) -> Self {
        let mut figures = Self { notes: recorded.len(), ..Self::default() };
        let mut known = BTreeSet::new();
        for note in recorded {
            let step_beats = take.step_beats(take.start() + note.start);
            let step = (note.start / step_beats).round();
            let off = (note.start - step * step_beats).abs() * TICKS_A_BEAT;
            figures.worst_ticks = figures.worst_ticks.max(off);
            if off > TOLERANCE_TICKS {
                figures.off_grid += 1;
                figures.describe_note(take, note, &format!("lies {off:.1} ticks from its step"));
            }
            if !known.insert(((note.start * PLACES_A_BEAT).round() as i64, note.channel, note.note))
                || note.overlaps
            {
                figures.doubled += 1;
                figures.describe_note(take, note, "is doubled");
            }
            // The first step of a bar in another metre may be that of the metre before.
            let longest = step_beats.max(take.step_beats(take.start() + note.start - 0.05));
            let latest = step * step_beats + GATE * longest + TOLERANCE_TICKS / TICKS_A_BEAT;
            if note.end.is_none_or(|end| end > latest) {
                figures.hanging += 1;
                figures.describe_note(take, note, "hangs");
            }
        }
        figures
    }

    /// Compares the part of the recording in which X is constant with the notes of the rig's own host.
    pub(crate) fn compare(
        &mut self,
        take: &DawTake,
        part: &SteadyX,
        recorded: &[DawNote],
        expected: &BTreeSet<PlacedNote>,
    ) {
        let placed = |note: &DawNote| ((note.start * PLACES_A_BEAT).round() as i64, note.note, note.velocity);
        let steady = |&&(place, ..): &&PlacedNote| {
            let beats = place as f64 / PLACES_A_BEAT;
            part.spans.iter().any(|span| span.contains(&beats))
        };
        let played: BTreeSet<PlacedNote> = recorded.iter().map(placed).collect();
        self.compared += played.iter().filter(steady).count();
        for &(step, note, velocity) in expected.difference(&played).filter(steady) {
            self.missing += 1;
            self.describe(format!("{}: step {step} lacks note {note} with velocity {velocity}", take.name));
        }
        for &(step, note, velocity) in played.difference(expected).filter(steady) {
            self.unexpected += 1;
            self.describe(format!("{}: step {step} has note {note} with velocity {velocity}", take.name));
        }
    }

    /// Whether there is no fault.
    pub fn are_clean(&self) -> bool {
        self.off_grid + self.doubled + self.missing + self.hanging + self.unexpected == 0
    }

    fn describe_note(&mut self, take: &DawTake, note: &DawNote, what: &str) {
        let (start, end) = (note.start, note.end.unwrap_or(f64::NAN));
        self.describe(format!("{}: note {} from beat {start:.4} to {end:.4} {what}", take.name, note.note));
    }

    fn describe(&mut self, description: String) {
        if self.descriptions.len() < MOST_DESCRIPTIONS {
            self.descriptions.push(description);
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
    fn a_note_that_ends_where_it_starts_leaves_the_next_one_alone() -> Result<()> {
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

        let recorded = read(file.path())?;
        let times: Vec<_> = recorded.iter().map(|note| (note.start, note.end, note.overlaps)).collect();
        assert_eq!(times, [(0.5, Some(0.5), false), (0.5, Some(0.75), false), (1.0, None, false)]);
        Ok(())
    }

    #[test]
    fn a_file_that_is_no_midi_is_named() -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), "no music")?;
        assert!(read(file.path()).is_err_and(|error| error.to_string().contains("is not the MIDI file")));
        Ok(())
    }

    fn note(start: f64, end: Option<f64>) -> DawNote {
        DawNote { start, end, channel: 9, note: 36, velocity: 100, overlaps: false }
    }

    /// Counts of off grid, doubled and hanging.
    fn check(recorded: &[DawNote], expected: (usize, usize, usize)) {
        let figures = TakeFigures::of_recording(&takes()[0], recorded);
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
        check(&[DawNote { overlaps: true, ..note(0.25, Some(0.375)) }], (0, 1, 0));
        check(&[note(0.25, None)], (0, 0, 1));
        check(&[note(0.25, Some(0.5))], (0, 0, 1));
    }

    #[test]
    fn a_note_that_the_stop_cuts_does_not_hang() {
        check(&[note(31.75, Some(31.76))], (0, 0, 0));
    }

    #[test]
    fn notes_are_compared_only_where_x_is_constant() {
        let take = &takes()[1];
        let expected = BTreeSet::from([(0, 36, 100), (6, 36, 100), (120, 36, 100)]);
        let mut figures = TakeFigures::default();
        figures.compare(take, &take.steady[0], &[note(0.25, None), note(0.5, None)], &expected);
        assert_eq!((figures.compared, figures.missing, figures.unexpected), (2, 1, 1));
    }
}

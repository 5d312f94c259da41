//! The container: wrappers, the header, and where each track begins and ends.
//!
//! The announced lengths are only believed where a chunk or the end of the file follows. Else a track is read
//! to see where its events end.

use super::MidiError;
use super::clock::Timing;
use super::events::{Damage, Event, Events};
use super::repairs::{Repair, Repairs};
use super::strict::has_run;

/// Bytes before the header in which it is searched.
const LONGEST_WRAPPER: usize = 4096;
/// As many tracks as a header can announce.
const MOST_TRACKS: usize = u16::MAX as usize;
/// Bytes of a MacBinary header.
const MAC_BINARY: usize = 128;
/// Bytes of a chunk's name and length.
const CHUNK_HEADER: usize = 8;
/// Where the tracks begin behind a header of six bytes.
const FIRST_TRACK: usize = 14;
/// Chunks with a damaged name that are tested; each test reads a track.
const NAME_TESTS: usize = 8;
const END_OF_TRACK: [u8; 3] = [0xff, 0x2f, 0];

/// What the header says, and the data of each track.
#[derive(Debug)]
pub(super) struct Container<'a> {
    /// Whether each track is a piece of its own: format 2.
    pub(super) separate: bool,
    pub(super) timing: Timing,
    /// Each from behind its chunk's header to its end.
    pub(super) tracks: Vec<&'a [u8]>,
}

/// How the tracks are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// By the announced lengths, where they agree with each other.
    Announced,
    /// Also inside tracks, behind an end-of-track mark.
    Inside,
}

/// Finds the tracks of a file.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    search: Search,
    repairs: &mut Repairs,
) -> Result<Container<'a>, MidiError> {
    if let Some((inside, rest)) = riff_data(bytes) {
        let before = *repairs;
        return match open_plain(inside, search, repairs) {
            // The wrapper's length cuts the file off: its chunks say more.
            Err(_) if rest.len() > inside.len() => {
                *repairs = before;
                repairs.count(Repair::Wrapper);
                open_plain(rest, search, repairs)
            }
            opened => opened,
        };
    }
    if bytes.starts_with(b"MThd") {
        return open_plain(bytes, search, repairs);
    }
    let searched = &bytes[..bytes.len().min(LONGEST_WRAPPER)];
    let at = find(searched, b"MThd\0\0\0\x06").ok_or(MidiError::NotMidi)?;
    repairs.count(Repair::Wrapper);
    open_plain(data_fork(bytes, at), search, repairs)
}

/// The MIDI file inside a RIFF wrapper, as Windows once wrote them, as long as the wrapper says; and all bytes
/// from its start on. A wrapper that ends early leaves a truncated MIDI file, which is found out later.
fn riff_data(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"RMID")?;
    while let Some((id, behind)) = rest.split_first_chunk::<4>() {
        let (length, data) = behind.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        if id == b"data" {
            return Some((&data[..length.min(data.len())], data));
        }
        rest = data.get(length.saturating_add(length % 2)..)?;
    }
    None
}

/// The file from `at` on; of a MacBinary file its data fork.
fn data_fork(bytes: &[u8], at: usize) -> &[u8] {
    let inside = &bytes[at..];
    if at == MAC_BINARY
        && let [0, 1..=63, ..] = bytes
        && let Some(&[a, b, c, d]) = bytes[83..].first_chunk()
    {
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if (FIRST_TRACK..=inside.len()).contains(&length) {
            return &inside[..length];
        }
    }
    inside
}

fn open_plain<'a>(file: &'a [u8], search: Search, repairs: &mut Repairs) -> Result<Container<'a>, MidiError> {
    let damaged = |why: &str| MidiError::Header(why.to_owned());
    if !file.starts_with(b"MThd") {
        return Err(MidiError::NotMidi);
    }
    let Some(&[a, b, c, d, e, f, g, h, i, j]) = file[4..].first_chunk() else {
        return Err(damaged("the file ends inside of it"));
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    let format = u16::from_be_bytes([e, f]);
    let announced = usize::from(u16::from_be_bytes([g, h]));
    let timing = timing([i, j])?;
    let first = CHUNK_HEADER.saturating_add(length);
    let first = if length >= 6 && (is_chunk(file, first) || first == file.len()) {
        first
    } else {
        let searched = &file[FIRST_TRACK..file.len().min(FIRST_TRACK + 64)];
        let before = find(searched, b"MTrk").unwrap_or(0);
        if length != 6 {
            repairs.count(Repair::HeaderLength);
        } else if before > 0 {
            repairs.count(Repair::BytesBetween);
        }
        FIRST_TRACK + before
    };
    if format > 2 {
        repairs.count(Repair::Format);
    }
    let before = *repairs;
    let mut chunks = Chunks::of(file, first, announced, search, repairs)?;
    if chunks.lacks_tracks(announced) && search == Search::Announced {
        *repairs = before;
        chunks = Chunks::of(file, first, announced, Search::Inside, repairs)?;
    }
    let there = chunks.tracks.len();
    if chunks.lacks_tracks(announced) {
        if format != 0 || there == 0 {
            return Err(MidiError::TracksMissing { announced, there });
        }
        repairs.count(Repair::FewerTracks);
    }
    if there == 0 {
        return Err(MidiError::NoTracks);
    }
    if there > announced {
        repairs.count(Repair::MoreTracks);
    }
    Ok(Container { separate: format == 2, timing, tracks: chunks.tracks })
}

fn timing(division: [u8; 2]) -> Result<Timing, MidiError> {
    match division {
        [0, 0] => Err(MidiError::NoTicks),
        [0..=0x7f, _] => Ok(Timing::Beats(u16::from_be_bytes(division))),
        [frames, ticks] => {
            let frames = frames.wrapping_neg();
            let per_second = match frames {
                24 | 25 | 30 => f64::from(frames),
                29 => 30_000.0 / 1001.0,
                _ => return Err(MidiError::Header(format!("it says {frames} frames a second"))),
            };
            if ticks == 0 {
                Err(MidiError::NoTicks)
            } else {
                Ok(Timing::Seconds(per_second * f64::from(ticks)))
            }
        }
    }
}

/// A file cut into its chunks.
struct Chunks<'a> {
    tracks: Vec<&'a [u8]>,
    /// Chunks of other kinds.
    others: usize,
    /// Tests of chunks with a damaged name so far.
    tested_names: usize,
}

impl<'a> Chunks<'a> {
    /// The chunks from `at` on, `announced` of them tracks by the header.
    fn of(
        file: &'a [u8],
        mut at: usize,
        announced: usize,
        search: Search,
        repairs: &mut Repairs,
    ) -> Result<Self, MidiError> {
        let mut chunks = Self { tracks: Vec::new(), others: 0, tested_names: 0 };
        while let Some((id, length)) = file.get(at..).and_then(chunk_header) {
            let body = at + CHUNK_HEADER;
            let end = body.saturating_add(length);
            let enough = announced > 0 && chunks.tracks.len() >= announced;
            if chunks.is_track(id, &file[body..], length, repairs) {
                let mut found = *repairs;
                match track_end(file, body, length, (chunks.tracks.len() + 1, search), &mut found) {
                    Ok(end) => {
                        *repairs = found;
                        if chunks.tracks.len() == MOST_TRACKS {
                            return Err(MidiError::TooMuch { what: "tracks", most: MOST_TRACKS });
                        }
                        chunks.tracks.push(&file[body..end]);
                        at = end;
                    }
                    // What the header does not announce need not be whole.
                    Err(_) if enough => break,
                    Err(error) => return Err(error),
                }
            } else if id != b"MThd" && is_chunk(file, at) && !hides_track(file, body, end, enough) {
                repairs.count(Repair::OtherChunk);
                chunks.others += 1;
                at = end;
            } else if let Some(next) = find(&file[at..], b"MTrk").filter(|_| !enough && id != b"MThd") {
                repairs.count(Repair::BytesBetween);
                at += next;
            } else {
                break;
            }
        }
        if at < file.len() {
            repairs.count(Repair::TrailingBytes);
        }
        Ok(chunks)
    }

    /// Whether there are fewer chunks than tracks announced.
    fn lacks_tracks(&self, announced: usize) -> bool {
        self.tracks.len() + self.others < announced
    }

    /// Whether a chunk is a track. One with a single wrong letter is, where its data reads as one to its end.
    fn is_track(&mut self, id: &[u8; 4], data: &[u8], length: usize, repairs: &mut Repairs) -> bool {
        if id == b"MTrk" {
            return true;
        }
        let same = id.iter().zip(b"MTrk").filter(|(a, b)| a.eq_ignore_ascii_case(b)).count();
        if same < 3 || self.tested_names == NAME_TESTS {
            return false;
        }
        self.tested_names += 1;
        let track = data.get(..length).unwrap_or(data);
        let damaged = track.ends_with(&END_OF_TRACK) && events_end(track) == Ok(true);
        if damaged {
            repairs.count(Repair::ChunkName);
        }
        damaged
    }
}

/// Whether a chunk of another kind announces so many bytes that a track stands inside of it.
fn hides_track(file: &[u8], body: usize, end: usize, enough: bool) -> bool {
    !enough && find(&file[body..end], b"MTrk").is_some() && (end == file.len() || !is_chunk(file, end))
}

/// Where the track ends whose data begin at `body`.
fn track_end(
    file: &[u8],
    body: usize,
    length: usize,
    (number, search): (usize, Search),
    repairs: &mut Repairs,
) -> Result<usize, MidiError> {
    let announced = body.saturating_add(length);
    let fits = announced <= file.len();
    if fits {
        let behind = &file[announced..];
        let marked = file[body..announced].ends_with(&END_OF_TRACK);
        let joined = behind.is_empty() || is_chunk(file, announced);
        if search == Search::Inside
            && let Some(mark) = find(&file[body..announced], b"\xff\x2f\0MTrk")
        {
            repairs.count(Repair::TrackLength);
            return Ok(body + mark + END_OF_TRACK.len());
        }
        if joined || marked && !has_run(behind, 0) {
            return Ok(announced);
        }
    }
    // To the next track, or to the end of the file. Further than the announced end only with a mark.
    let next = find(&file[body..], b"MTrk").map_or(file.len(), |next| body + next);
    let found = events_end(&file[body..next]);
    if found == Ok(true) || found == Ok(false) && fits && next < file.len() {
        repairs.count(Repair::TrackLength);
        return Ok(next);
    }
    if !fits {
        let there = file.len() - body;
        let announced = u32::try_from(length).unwrap_or(u32::MAX);
        return Err(MidiError::Truncated { track: number, announced, there });
    }
    // Neither end is one: what stands behind the announced end must not be lost without a word.
    let lost = file
        .get(announced..next)
        .is_none_or(|behind| (0..behind.len().min(LONGEST_WRAPPER)).any(|at| has_run(behind, at)));
    if lost || events_end(&file[body..announced]).is_err() {
        return Err(MidiError::Event { track: number, byte: length, damage: Damage::Length });
    }
    Ok(announced)
}

/// Reads the events of a track: whether an end-of-track mark is the last, or where the first is damaged. A track
/// whose events are doubtful does not show where it ends: bytes may be missing in it.
fn events_end(track: &[u8]) -> Result<bool, usize> {
    let mut events = Events::new(track);
    let mut repairs = Repairs::default();
    loop {
        match events.next(&mut repairs) {
            Ok(Some(Event::End)) => return Ok(true),
            Ok(Some(_)) if repairs.are_doubtful() => return Err(events.at()),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(false),
            Err(_) => return Err(events.at()),
        }
    }
}

/// The name and announced length of the chunk that `bytes` begin with.
fn chunk_header(bytes: &[u8]) -> Option<(&[u8; 4], usize)> {
    let (id, rest) = bytes.split_first_chunk()?;
    let length = rest.first_chunk()?;
    Some((id, u32::from_be_bytes(*length) as usize))
}

/// Whether a chunk stands at `at`: a track, or printable letters and a length that fits.
fn is_chunk(file: &[u8], at: usize) -> bool {
    file.get(at..).and_then(chunk_header).is_some_and(|(id, length)| {
        let named = id.iter().all(|letter| (b' '..=b'~').contains(letter));
        id == b"MTrk" || named && length <= file.len() - at - CHUNK_HEADER
    })
}

/// Where `pattern` stands in `bytes` for the first time.
fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

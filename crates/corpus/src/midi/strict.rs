//! Events that keep every rule of the standard: what a guess about damaged bytes is tested against.

/// Events that are looked at behind a doubtful place.
const LOOKAHEAD: usize = 6;
/// Longest time between two events that a guess may lead to, in ticks.
const LONGEST_DELTA: u32 = 1 << 21;
/// Bytes of a system exclusive that are looked at.
const SYSEX_LOOKAHEAD: usize = 1 << 10;

/// One event that keeps the rules.
pub(super) struct StrictEvent {
    /// Where the next event begins.
    pub(super) next: usize,
    /// The status byte, also where it is a running one.
    pub(super) status: u8,
    /// Whether the status byte was there.
    pub(super) explicit: bool,
    /// Whether it is an end-of-track mark.
    pub(super) end: bool,
    /// Whether one of its data bytes is above 127.
    pub(super) clipped: bool,
    /// Of a channel event the first data byte: a note, mostly.
    pub(super) data: u8,
    /// Whether its own bytes show where it ends, so that an event without a status byte behind it is one.
    closed: bool,
}

/// Status and first data byte of the channel events that a track has.
pub(super) struct Vocabulary(Box<[u128; 112]>);

impl Default for Vocabulary {
    fn default() -> Self {
        Self(Box::new([0; 112]))
    }
}

impl Vocabulary {
    /// Adds an event, `status` being one of a channel.
    pub(super) fn add(&mut self, status: u8, data: u8) {
        self.0[usize::from(status.saturating_sub(0x80)) % 112] |= 1 << (data & 0x7f);
    }

    /// Whether an event of this status was added.
    pub(super) fn has_status(&self, status: u8) -> bool {
        (0x80..0xf0).contains(&status) && self.0[usize::from(status - 0x80)] != 0
    }

    /// Whether an event of this status and first data byte was added.
    pub(super) fn has(&self, status: u8, data: u8) -> bool {
        (0x80..0xf0).contains(&status) && self.0[usize::from(status - 0x80)] >> (data & 0x7f) & 1 == 1
    }
}

/// What a track has from a place on, read by the rules.
pub(super) struct Rest {
    /// Whether all of it is clean events, and an end-of-track mark is the last.
    pub(super) whole: bool,
    /// Its channel events, up to the first that breaks a rule.
    pub(super) vocabulary: Vocabulary,
    /// Whether running status surely goes on behind other events in it.
    pub(super) runs_on: bool,
}

/// A number of variable length and where it ends; `None` where the bytes end or it has more than four.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut value = 0;
    for (index, &byte) in bytes.get(at..)?.iter().take(4).enumerate() {
        value = value << 7 | u32::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, at + index + 1));
        }
    }
    None
}

/// The length of a meta event of this kind; `None` where it may have any.
pub(super) fn usual_length(kind: u8) -> Option<usize> {
    Some(match kind {
        0x2f => 0,
        0x20 | 0x21 => 1,
        0x00 | 0x59 => 2,
        0x51 => 3,
        0x58 => 4,
        0x54 => 5,
        _ => return None,
    })
}

/// Whether a meta event of this kind is a text.
pub(super) fn is_text(kind: u8) -> bool {
    (1..=15).contains(&kind)
}

/// Whether a byte surely is one of a text: what encodings do with bytes above 127 is not known.
pub(super) fn is_letter(byte: u8) -> bool {
    (b' '..0x7f).contains(&byte) || matches!(byte, b'\t' | b'\n' | b'\r')
}

/// Whether an event at `at` would have a status byte of its own.
pub(super) fn has_status(track: &[u8], at: usize) -> bool {
    number(track, at).is_some_and(|(_, at)| track.get(at).is_some_and(|&byte| byte >= 0x80))
}

/// How many data bytes follow a channel status.
pub(super) fn data_bytes(status: u8) -> usize {
    if matches!(status & 0xf0, 0xc0 | 0xd0) { 1 } else { 2 }
}

/// The event at `at`, which begins with its delta time. Data bytes above 127 are let through and noted.
pub(super) fn event(track: &[u8], at: usize, running: Option<u8>) -> Option<StrictEvent> {
    let (delta, at) = number(track, at)?;
    if delta >= LONGEST_DELTA {
        return None;
    }
    let first = *track.get(at)?;
    let explicit = first >= 0x80;
    let (status, at) = if explicit { (first, at + 1) } else { (running?, at) };
    let (mut end, mut clipped, mut data, mut closed) = (false, false, 0, false);
    let next = match status {
        0x80..=0xef => {
            let next = at + data_bytes(status);
            let bytes = track.get(at..next)?;
            clipped = bytes.iter().any(|&byte| byte >= 0x80);
            data = bytes[0];
            next
        }
        0xf0 | 0xf7 => {
            let announced = number(track, at).and_then(|(length, at)| {
                let data = track.get(at..at.checked_add(length as usize)?)?;
                let inner = &data[..data.len().saturating_sub(1).min(SYSEX_LOOKAHEAD)];
                let clean = status == 0xf7 || inner.iter().all(|&byte| byte < 0x80);
                clean.then_some(at + length as usize)
            });
            // Without a length, a message ends in its F7: the one fault that files have in several messages.
            let next = announced.or_else(|| {
                let rest = track.get(at..)?;
                let end = rest.iter().take(SYSEX_LOOKAHEAD).position(|&byte| byte >= 0x80)?;
                (status == 0xf0 && rest[end] == 0xf7).then_some(at + end + 1)
            })?;
            closed = track[next - 1] == 0xf7;
            next
        }
        0xff => {
            let kind = *track.get(at)?;
            let (length, at) = number(track, at + 1)?;
            let usual = usual_length(kind);
            let missing = matches!(kind, 0x00 | 0x59) && length == 0;
            let next = at.checked_add(length as usize)?;
            let fits = usual.map_or(kind < 0x80, |usual| usual == length as usize);
            if !fits && !missing || next > track.len() {
                return None;
            }
            end = kind == 0x2f;
            let letters = is_text(kind) && track[at..next].iter().all(|&byte| is_letter(byte));
            closed = usual.is_some() || letters && track.get(next).is_some_and(|&byte| !is_letter(byte));
            next
        }
        0xf8..=0xfe => at,
        _ => return None,
    };
    Some(StrictEvent { next, status, explicit, end, clipped, data, closed })
}

/// How well the bytes from `at` on read as events: `None` where they do not, else how many of the next six
/// hold no byte above 127. A clean end of the track counts as six.
pub(super) fn quality(track: &[u8], mut at: usize, mut running: Option<u8>) -> Option<usize> {
    let mut clipped = 0;
    for _ in 0..LOOKAHEAD {
        if at == track.len() {
            break;
        }
        let event = event(track, at, running)?;
        clipped += usize::from(event.clipped);
        at = event.next;
        if event.status < 0xf0 {
            running = Some(event.status);
        }
        if event.end && ends(&track[at..]) {
            break;
        }
    }
    Some(LOOKAHEAD - clipped)
}

/// Whether the bytes from `at` on read as events without a byte above 127.
pub(super) fn follows(track: &[u8], at: usize, running: Option<u8>) -> bool {
    quality(track, at, running) == Some(LOOKAHEAD)
}

/// Whether all bytes from `at` on are clean events, the first with a status byte of its own unless `running`
/// is given, and an end-of-track mark is the last.
pub(super) fn follows_to_the_end(track: &[u8], at: usize, running: Option<u8>) -> bool {
    read_on(track, at, running, &mut |_, _| {})
}

/// Reads the bytes from `at` on as [`follows_to_the_end`] does, and what they have.
pub(super) fn rest(track: &[u8], at: usize, running: Option<u8>) -> Rest {
    let (mut vocabulary, mut runs_on) = (Vocabulary::default(), false);
    let whole = read_on(track, at, running, &mut |event, closed| {
        if event.status < 0xf0 {
            vocabulary.add(event.status, event.data);
            runs_on |= closed && !event.explicit;
        }
    });
    Rest { whole, vocabulary, runs_on }
}

/// Reads clean events and shows each, and whether a closed one that is of no channel stands before it: whether
/// all bytes are read so, and an end-of-track mark is the last.
fn read_on(
    track: &[u8],
    mut at: usize,
    mut running: Option<u8>,
    show: &mut dyn FnMut(&StrictEvent, bool),
) -> bool {
    let (mut ended, mut closed) = (false, false);
    while at < track.len() {
        if ended && is_padding(&track[at..]) {
            return true;
        }
        let Some(event) = event(track, at, running).filter(|event| !event.clipped) else { return false };
        show(&event, closed);
        at = event.next;
        ended = event.end;
        closed = event.closed;
        if event.status < 0xf0 {
            running = Some(event.status);
        }
    }
    ended
}

/// Whether `bytes` begin with four clean events of channels, each with a status byte.
pub(super) fn has_run(bytes: &[u8], mut at: usize) -> bool {
    for _ in 0..4 {
        match event(bytes, at, None) {
            Some(event) if event.explicit && event.status < 0xf0 && !event.clipped => at = event.next,
            _ => return false,
        }
    }
    true
}

/// Whether bytes behind an end-of-track mark can be passed over without a look.
pub(super) fn ends(rest: &[u8]) -> bool {
    is_padding(rest) || rest.starts_with(b"MTrk")
}

/// Whether bytes hold nothing: one value again and again, or too few for an event.
pub(super) fn is_padding(bytes: &[u8]) -> bool {
    bytes.len() < 3 || bytes.iter().all(|byte| *byte == bytes[0])
}

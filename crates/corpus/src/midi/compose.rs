//! Small MIDI files, composed by tests.

/// Ticks of a sixteenth in what [`song`] writes.
pub(crate) const TICKS_PER_STEP: u64 = 120;

/// One track as it is written, event after event in the order of time.
#[derive(Clone, Default)]
pub(crate) struct TrackBytes {
    bytes: Vec<u8>,
    tick: u64,
}

impl TrackBytes {
    /// Any event, given by its bytes behind the delta time.
    pub(crate) fn event(mut self, tick: u64, bytes: &[u8]) -> Self {
        self.bytes.extend(variable_length(tick - self.tick));
        self.bytes.extend(bytes);
        self.tick = tick;
        self
    }

    /// A note-on on channel 10, without a note-off.
    pub(crate) fn hit(self, tick: u64, note: u8) -> Self {
        self.event(tick, &[0x99, note, 100])
    }

    pub(crate) fn meter(self, tick: u64, beats: u8, unit_log2: u8) -> Self {
        self.event(tick, &[0xff, 0x58, 4, beats, unit_log2, 24, 8])
    }

    pub(crate) fn tempo(self, tick: u64, micros: u32) -> Self {
        let [_, a, b, c] = micros.to_be_bytes();
        self.event(tick, &[0xff, 0x51, 3, a, b, c])
    }

    pub(crate) fn end(self) -> Self {
        let tick = self.tick;
        self.event(tick, &[0xff, 0x2f, 0])
    }
}

/// A whole file.
pub(crate) fn file(format: u16, division: u16, tracks: &[TrackBytes]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for number in [format, tracks.len() as u16, division] {
        bytes.extend(number.to_be_bytes());
    }
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.bytes.len() as u32).to_be_bytes());
        bytes.extend(&track.bytes);
    }
    bytes
}

/// A file of one track with 480 ticks a beat that plays drum tabs, one character a step: `k` kick,
/// `s` snare, `h` closed hat, `K` kick and hat, `S` snare and hat, `.` nothing; blanks and bar lines
/// are skipped.
pub(crate) fn song(tab: &str) -> Vec<u8> {
    let mut track = TrackBytes::default();
    for (step, letter) in tab.chars().filter(|letter| !" |".contains(*letter)).enumerate() {
        let tick = step as u64 * TICKS_PER_STEP;
        for &note in notes_of(letter) {
            track = track.hit(tick, note);
        }
    }
    file(0, 480, &[track.end()])
}

fn notes_of(letter: char) -> &'static [u8] {
    match letter {
        'k' => &[36],
        's' => &[38],
        'h' => &[42],
        'K' => &[36, 42],
        'S' => &[38, 42],
        _ => &[],
    }
}

fn variable_length(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number >>= 7;
        bytes.insert(0, (number & 0x7f) as u8 | 0x80);
    }
    bytes
}

//! Which channels play drums, and from when: General MIDI, GS, XG and General MIDI 2.
//!
//! Channel 10 does unless a file says otherwise. It says so by system exclusive messages (GS "use for rhythm
//! part", XG "part mode") and by bank selects (XG 127 and 126, General MIDI 2 120). A reset undoes both.
//!
//! Bank 0 on channel 10 is not believed, though in XG it selects a melodic voice: sequencers write it at the head
//! of every channel, and most players sound such a channel as drums. It is believed where the file has set the
//! channel itself before, by bank 127 or a part mode. [`Repair::DrumBank`](super::Repair::DrumBank) counts it.
//!
//! Sources: Roland SC-88Pro owner's manual, "MIDI implementation" (40 1x 15; x is 0 for part 10, 1 to 9 for
//! parts 1 to 9, A to F for parts 11 to 16; 50 1x 15 for the parts of port B); Yamaha XG specifications 1.35,
//! tables 3-2 and 3-7 (08 nn 07).

/// Channels of a port.
const CHANNELS: usize = 16;
/// The channel of the drums: a musician's channel 10.
pub(super) const DRUM_CHANNEL: u8 = 9;
/// Ports that are told apart; higher ones share the last.
const PORTS: usize = 4;

/// Something that can change which channels are drums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelSetup {
    /// A reset, into this mode.
    Reset(ResetMode),
    /// The part of a channel plays drums, or does not.
    Part { port: u8, channel: u8, drums: bool },
    /// The upper half of a bank number.
    Bank { port: u8, channel: u8, msb: u8 },
    /// A program change, at which a bank comes into force.
    Program { port: u8, channel: u8 },
}

/// Whose rules hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ResetMode {
    /// General MIDI, or nothing was stated.
    #[default]
    Gm,
    Gm2,
    Gs,
    Xg,
}

/// A set of channels, over all ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels([u16; PORTS]);

impl Channels {
    pub(super) const ALL: Self = Self([u16::MAX; PORTS]);
    pub(super) const NONE: Self = Self([0; PORTS]);

    /// One channel, on every port.
    pub(super) fn one(channel: u8) -> Self {
        Self([1 << (channel & 15); PORTS])
    }

    pub(super) fn has(self, port: u8, channel: u8) -> bool {
        self.0[slot(port)] >> (channel & 15) & 1 == 1
    }

    fn set(&mut self, port: u8, channel: u8, on: bool) {
        let bit = 1 << (channel & 15);
        let channels = &mut self.0[slot(port)];
        *channels = if on { *channels | bit } else { *channels & !bit };
    }

    fn add(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }
}

fn slot(port: u8) -> usize {
    usize::from(port).min(PORTS - 1)
}

/// Which channels play drums over a song.
#[derive(Debug)]
pub(super) struct DrumTimeline {
    /// From which tick on which channels are drums, in the order of time; the first from tick 0.
    spans: Vec<(u64, Channels)>,
    /// The channels that are drums at any time.
    pub(super) ever: Channels,
    /// Times that bank 0 of XG was selected on a channel 10 with notes and not believed.
    pub(super) unbelieved_banks: u32,
}

impl DrumTimeline {
    /// The timeline of set-ups in the order of time. `first_notes` are the ticks of the first note of each
    /// port and channel: what is stated within `grace` ticks of it holds for it, as a song may set up its
    /// parts while its first notes sound.
    pub(super) fn of(setups: &[(u64, ChannelSetup)], first_notes: &FirstNotes, grace: u64) -> Self {
        let mut changes: Vec<(u64, u8, u8, bool)> = Vec::new();
        let mut state = State::default();
        for &(tick, setup) in setups {
            state.take(setup, &mut |port, channel, drums| changes.push((tick, port, channel, drums)));
        }
        let mut begun = Channels::NONE;
        for change in &mut changes {
            let &mut (tick, port, channel, _) = change;
            let first = first_notes.of(port, channel);
            if !begun.has(port, channel) && tick <= first.saturating_add(grace) {
                // The last that is stated in time is what holds.
                change.0 = tick.min(first);
            } else {
                begun.set(port, channel, true);
            }
        }
        changes.sort_by_key(|change| change.0);
        let mut now = Channels::one(DRUM_CHANNEL);
        let mut spans = vec![(0, now)];
        let mut ever = Channels::NONE;
        for (tick, port, channel, drums) in changes {
            now.set(port, channel, drums);
            match spans.last_mut() {
                Some(last) if last.0 == tick => last.1 = now,
                _ => spans.push((tick, now)),
            }
        }
        for &(_, channels) in &spans {
            ever.add(channels);
        }
        let sounds = |port: &&u8| first_notes.of(**port, DRUM_CHANNEL) < u64::MAX;
        let unbelieved_banks = state.unbelieved_banks.iter().filter(sounds).count() as u32;
        Self { spans, ever, unbelieved_banks }
    }

    /// Whether channel 10 alone is drums, always.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.spans.as_slice(), [(_, channels)] if *channels == Channels::one(DRUM_CHANNEL))
    }

    /// Which channels are drums at a tick.
    pub(super) fn at(&self, tick: u64) -> Channels {
        let after = self.spans.partition_point(|span| span.0 <= tick);
        self.spans[after - 1].1 // the first span begins at tick 0
    }
}

/// The tick of the first note of each port and channel.
#[derive(Clone, Debug)]
pub(super) struct FirstNotes([[u64; CHANNELS]; PORTS]);

impl Default for FirstNotes {
    fn default() -> Self {
        Self([[u64::MAX; CHANNELS]; PORTS])
    }
}

impl FirstNotes {
    pub(super) fn note(&mut self, port: u8, channel: u8, tick: u64) {
        let first = &mut self.0[slot(port)][usize::from(channel & 15)];
        *first = tick.min(*first);
    }

    fn of(&self, port: u8, channel: u8) -> u64 {
        self.0[slot(port)][usize::from(channel & 15)]
    }
}

/// What has been stated so far.
#[derive(Default)]
struct State {
    mode: ResetMode,
    /// Channels of which it was stated that they are drums, or are none.
    stated: Vec<(u8, u8)>,
    /// Channels with a bank of no drums that waits for its program change.
    waiting: Vec<(u8, u8)>,
    /// The ports on which bank 0 of XG was selected on channel 10 and not believed.
    unbelieved_banks: Vec<u8>,
}

impl State {
    fn take(&mut self, setup: ChannelSetup, change: &mut dyn FnMut(u8, u8, bool)) {
        match setup {
            ChannelSetup::Reset(mode) => {
                self.mode = mode;
                self.waiting.clear();
                for (port, channel) in self.stated.drain(..) {
                    change(port, channel, channel == DRUM_CHANNEL);
                }
            }
            ChannelSetup::Part { port, channel, drums } => self.say((port, channel), drums, change),
            ChannelSetup::Bank { port, channel, msb } => {
                self.waiting.retain(|&who| who != (port, channel));
                let stated = self.stated.contains(&(port, channel));
                match self.drums_by_bank(msb) {
                    // Drums from here on: nothing else is meant by such a bank.
                    Some(true) => self.say((port, channel), true, change),
                    Some(false) if msb == 0 && channel == DRUM_CHANNEL && !stated => {
                        self.unbelieved_banks.push(port);
                    }
                    Some(false) => self.waiting.push((port, channel)),
                    None if channel != DRUM_CHANNEL && stated => self.waiting.push((port, channel)),
                    None => {}
                }
            }
            ChannelSetup::Program { port, channel } => {
                let before = self.waiting.len();
                self.waiting.retain(|&who| who != (port, channel));
                if self.waiting.len() < before {
                    self.say((port, channel), false, change);
                }
            }
        }
    }

    fn say(&mut self, who: (u8, u8), drums: bool, change: &mut dyn FnMut(u8, u8, bool)) {
        if !self.stated.contains(&who) {
            self.stated.push(who);
        }
        change(who.0, who.1, drums);
    }

    /// Whether a bank is one of drums, or of none; `None` where it says nothing about that.
    fn drums_by_bank(&self, msb: u8) -> Option<bool> {
        match (self.mode, msb) {
            // In GS these are the sounds of older models.
            (ResetMode::Gs, 126 | 127) => None,
            (ResetMode::Gm | ResetMode::Gm2 | ResetMode::Xg, 127) | (ResetMode::Xg, 126) | (_, 120) => {
                Some(true)
            }
            (ResetMode::Xg, 0..=64) | (ResetMode::Gm2, 121) => Some(false),
            _ => None,
        }
    }
}

/// What a system exclusive message, without F0 and F7, says about drums; `port` is that of its track.
pub(super) fn setups_of(data: &[u8], port: u8, found: &mut dyn FnMut(ChannelSetup)) {
    match *data {
        // General MIDI on, off, and version 2.
        [0x7e, _, 9, 1 | 2, ..] => found(ChannelSetup::Reset(ResetMode::Gm)),
        [0x7e, _, 9, 3, ..] => found(ChannelSetup::Reset(ResetMode::Gm2)),
        // Roland, any device, GS, write: address, data, checksum.
        [0x41, _, 0x42, 0x12, a, b, c, ref rest @ ..] => roland(&[a, b, c], rest, port, found),
        // Yamaha, any device, XG.
        [0x43, 0x10..=0x1f, 0x4c, 0, 0, 0x7e | 0x7f, ..] => found(ChannelSetup::Reset(ResetMode::Xg)),
        [0x43, 0x10..=0x1f, 0x4c, 8, part, address, ref values @ ..] => {
            // One value, or several that go to the addresses behind.
            let mode = 7_usize.checked_sub(usize::from(address)).and_then(|index| values.get(index));
            if let Some(&mode) = mode {
                let port = port.saturating_add(part / 16);
                found(ChannelSetup::Part { port, channel: part % 16, drums: mode > 0 });
            }
        }
        _ => {}
    }
}

fn roland(address: &[u8; 3], rest: &[u8], port: u8, found: &mut dyn FnMut(ChannelSetup)) {
    // The last byte is a checksum; where it is missing, the value is still there.
    let values = if rest.len() > 1 { &rest[..rest.len() - 1] } else { rest };
    match *address {
        [0x40 | 0x50, 0, 0x7f] | [0, 0, 0x7f] => found(ChannelSetup::Reset(ResetMode::Gs)),
        [block @ (0x40 | 0x50), part @ 0x10..=0x1f, low] => {
            let value = 0x15_usize.checked_sub(usize::from(low)).and_then(|index| values.get(index));
            if let Some(&map) = value {
                let channel = match part & 15 {
                    0 => DRUM_CHANNEL,
                    part @ 1..=9 => part - 1,
                    part => part,
                };
                let port = port.saturating_add(u8::from(block == 0x50));
                found(ChannelSetup::Part { port, channel, drums: map > 0 });
            }
        }
        _ => {}
    }
}

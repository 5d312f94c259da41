//! The playback contract in fixed scenarios; random ones are in `crates/proof`.

use beat::{
    Bank, BankSource, CommitMode, DrumHit, Grid, GridLock, HostBar, INSTRUMENTS, Kit, LoopRange, MOST_STEPS,
    NoteEvent, NoteKind, NoteSink, Playback, Refused, Sequencer, Settings, Take, Transport,
};

mod grids;
mod loops;

const RATE: f64 = 48_000.0;

/// A host of one pattern that keeps what it is sent; `room` is how many events it takes in a block.
struct Host {
    current: Bank,
    newest: Bank,
    events: Vec<(u64, NoteEvent)>,
    block_start: u64,
    room: usize,
}

struct Events<'a> {
    events: &'a mut Vec<(u64, NoteEvent)>,
    start: u64,
    room: usize,
}

impl NoteSink for Events<'_> {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        self.room = self.room.checked_sub(1).ok_or(Refused)?;
        self.events.push((self.start + u64::from(event.sample), event));
        Ok(())
    }
}

struct Banks<'a> {
    current: &'a mut Bank,
    newest: &'a Bank,
}

impl BankSource for Banks<'_> {
    fn commit(&mut self, _beats: f64) {
        self.current.copy_from(self.newest);
    }
    fn current(&self) -> &Bank {
        self.current
    }
    fn newest_grid(&self) -> Grid {
        *self.newest.grid()
    }
}

impl Host {
    fn new(take: Take) -> Self {
        let bank = Bank::new(&[take], 1, Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, 1);
        Self { current: Bank::SILENT, newest: bank, events: Vec::new(), block_start: 0, room: usize::MAX }
    }

    fn block(&mut self, sequencer: &mut Sequencer, transport: &Transport, playback: &Playback) {
        let mut sink = Events { events: &mut self.events, start: self.block_start, room: self.room };
        let mut banks = Banks { current: &mut self.current, newest: &self.newest };
        sequencer.process(transport, playback, &mut banks, &mut sink);
        self.block_start += u64::from(transport.frames);
    }

    /// Plays `frames` samples from `beats` on at 120 BPM in blocks of `size`, and returns the position
    /// reached.
    fn roll(
        &mut self,
        sequencer: &mut Sequencer,
        playback: &Playback,
        beats: f64,
        frames: u32,
        size: u32,
    ) -> f64 {
        let mut done = 0;
        while done < frames {
            let now = size.min(frames - done);
            self.block(sequencer, &at(beats + f64::from(done) / 24_000.0, now), playback);
            done += now;
        }
        beats + f64::from(frames) / 24_000.0
    }

    fn ons(&self) -> Vec<(u64, u8)> {
        let is_on = |event: &&(u64, NoteEvent)| matches!(event.1.kind, NoteKind::On { .. });
        self.events.iter().filter(is_on).map(|(at, event)| (*at, event.note)).collect()
    }

    fn offs(&self) -> Vec<(u64, u8)> {
        self.events
            .iter()
            .filter(|(_, event)| event.kind == NoteKind::Off)
            .map(|(at, event)| (*at, event.note))
            .collect()
    }
}

fn at(beats: f64, frames: u32) -> Transport {
    Transport {
        playing: true,
        beats,
        tempo: 120.0,
        sample_rate: RATE,
        frames,
        loop_range: None,
        bar: None,
        compound: false,
    }
}

fn stopped(frames: u32) -> Transport {
    Transport { playing: false, ..at(0.0, frames) }
}

/// A take from drum tabs: one line per instrument, starting at the kick.
fn tabs(lines: &[&str]) -> Take {
    let mut take = Take::EMPTY;
    for (instrument, line) in lines.iter().enumerate() {
        for (step, cell) in line.chars().filter(|cell| *cell != '|').enumerate() {
            if cell == 'x' {
                take.onsets = take.onsets.with(step, instrument);
            }
        }
    }
    take
}

#[test]
fn a_beat_sounds_on_its_sixteenths_whatever_the_block_size() {
    let take = tabs(&["x...x...x...x...|x...x...x...x...", "....x.......x..."]);
    let mut first = None;
    for size in [1, 7, 64, 333, 4096, 200_000] {
        let mut host = Host::new(take);
        host.roll(&mut Sequencer::new(), &Playback::default(), 0.0, 192_000, size);
        let ons = host.ons();
        assert_eq!(ons[..3], [(0, 36), (24_000, 36), (24_000, 38)], "block size {size}");
        assert_eq!(ons.len(), 10);
        assert_eq!(host.offs().len(), 10, "each note has its note-off");
        assert_eq!(
            *first.get_or_insert(host.events.clone()).iter().map(|e| e.0).collect::<Vec<_>>(),
            host.events.iter().map(|e| e.0).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_tie_at_half_a_sample_rounds_to_the_later_sample_whatever_the_blocks() {
    // A sixteenth lasts 5512.5 samples. As under CLAP, positions are rounded to 2^-31 beats.
    const BEAT: f64 = 22_050.0;
    const CLAP: f64 = 2_147_483_648.0;
    let take = tabs(&["xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx"]);
    let expected: Vec<u64> = (0..128).map(|step: u64| (step * 11_025).div_ceil(2)).collect();
    for size in [1, 64, 147, 256, 333, 512, 1024, 5512, 5513] {
        let mut host = Host::new(take);
        let mut sequencer = Sequencer::new();
        let mut done = 0;
        while done < 128 * 5512 {
            let beats = (f64::from(done) / BEAT * CLAP).round() / CLAP;
            let transport = Transport { sample_rate: 44_100.0, ..at(beats, size) };
            host.block(&mut sequencer, &transport, &Playback::default());
            done += size;
        }
        let ons: Vec<u64> = host.ons().iter().map(|(at, _)| *at).take(128).collect();
        assert_eq!(ons, expected, "blocks of {size}");
    }
}

#[test]
fn stop_ends_what_sounds_and_start_plays_the_step_under_the_cursor() {
    let mut host = Host::new(tabs(&["x...x"]));
    let mut sequencer = Sequencer::new();
    host.roll(&mut sequencer, &Playback::default(), 0.0, 100, 100);
    assert_eq!(sequencer.sounding(), 1);
    host.block(&mut sequencer, &stopped(100), &Playback::default());
    assert_eq!(host.offs(), [(100, 36)]);
    host.roll(&mut sequencer, &Playback::default(), 1.0, 100, 100);
    assert_eq!(host.ons(), [(0, 36), (200, 36)]);
}

#[test]
fn bypass_is_silence_without_a_hanging_note() {
    let mut host = Host::new(tabs(&["xxxxxxxx"]));
    let mut sequencer = Sequencer::new();
    let bypassed = Playback { bypass: true, ..Playback::default() };
    let beats = host.roll(&mut sequencer, &Playback::default(), 0.0, 100, 100);
    host.roll(&mut sequencer, &bypassed, beats, 48_000, 512);
    assert_eq!((host.ons().len(), host.offs()), (1, vec![(100, 36)]));
}

#[test]
fn a_refused_event_comes_in_the_next_block() {
    let mut host = Host::new(tabs(&["x...", "x...", "x..."]));
    let mut sequencer = Sequencer::new();
    host.room = 2;
    let beats = host.roll(&mut sequencer, &Playback::default(), 0.0, 100, 100);
    assert_eq!(host.ons().len(), 2);
    host.room = usize::MAX;
    host.roll(&mut sequencer, &Playback::default(), beats, 20_000, 100);
    assert_eq!(host.ons(), [(0, 36), (0, 38), (100, 37)]);
    assert_eq!(host.offs().len(), 3);
}

/// What a sound source hears of four bars in blocks of `size`, played from `from`, while the host takes `room`
/// events a block: sample of the song, note, velocity and step.
fn sounded(from: u32, size: u32, room: usize) -> Vec<(u64, u8, u8, i64)> {
    struct SoundRecorder(usize, u64, Vec<(u64, u8, u8, i64)>);
    impl NoteSink for SoundRecorder {
        fn try_send(&mut self, _event: NoteEvent) -> Result<(), Refused> {
            self.0 = self.0.checked_sub(1).ok_or(Refused)?;
            Ok(())
        }
        fn sound(&mut self, hit: &DrumHit) {
            self.2.push((self.1 + u64::from(hit.sample), hit.note, hit.velocity, hit.place));
        }
    }
    let mut take = tabs(&["x..xx...x.......|xxxxxxxxxxxxxxxx", "....x.......x...", "xxxxxxxx"]);
    take.offsets[3] = [-90; INSTRUMENTS];
    take.offsets[12] = [101; INSTRUMENTS];
    let Host { mut current, newest, .. } = Host::new(take);
    let mut sequencer = Sequencer::new();
    let mut sounds = SoundRecorder(room, u64::from(from), Vec::new());
    for start in (from..384_000).step_by(size as usize) {
        (sounds.0, sounds.1) = (room, u64::from(start));
        let mut banks = Banks { current: &mut current, newest: &newest };
        sequencer.process(
            &at(f64::from(start) / 24_000.0, size),
            &Playback { swing: 0.3, ..Playback::default() },
            &mut banks,
            &mut sounds,
        );
    }
    sounds.2.retain(|hit| hit.0 < 384_000);
    sounds.2
}

#[test]
fn every_hit_sounds_at_its_sample_whatever_the_host_refuses() {
    let expected = sounded(0, 512, usize::MAX);
    assert!(expected.len() > 50, "{} hits", expected.len());
    for (size, room) in [(512, 0), (512, 1), (4096, 3), (64, 0), (8192, 0)] {
        assert_eq!(sounded(0, size, room), expected, "{room} events taken in each block of {size}");
    }
}

#[test]
fn a_hit_has_its_place_in_the_song_however_one_got_there() {
    let whole = sounded(0, 512, usize::MAX);
    let late: Vec<_> = whole.iter().filter(|hit| hit.0 >= 192_000).copied().collect();
    assert_eq!(sounded(192_000, 333, usize::MAX), late);
    assert_eq!(late[0].3, 8 * 96, "bar 3");
}

#[test]
fn a_leap_in_tempo_inside_a_block_loses_no_drum() {
    // From 60 to 900 BPM as the block begins that still says 60: seven and a half beats of every drum are
    // due at once, more than ever wait.
    let mut host = Host::new(tabs(&["xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx"; INSTRUMENTS]));
    let mut sequencer = Sequencer::new();
    host.block(&mut sequencer, &Transport { tempo: 60.0, ..at(0.0, 24_000) }, &Playback::default());
    host.block(&mut sequencer, &Transport { tempo: 900.0, ..at(7.5, 100) }, &Playback::default());
    assert_eq!(host.ons().len(), 3 * INSTRUMENTS);
    assert_eq!(sequencer.lost(), 0);
}

/// A queue that is full of notes that the host refused gave up what was decided next, though the host took everything
/// again.
#[test]
fn a_leap_in_tempo_loses_no_drum_though_the_host_refused_many_before() {
    let mut host = Host::new(tabs(&["xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx"; INSTRUMENTS]));
    let mut sequencer = Sequencer::new();
    // Four steps are refused; then the song turns out to have moved a tenth of a beat only, so that they come again.
    host.room = 0;
    host.block(&mut sequencer, &at(0.1, 22_000), &Playback::default());
    host.room = usize::MAX;
    host.block(&mut sequencer, &Transport { tempo: 10.0, ..at(0.1765, 12_000) }, &Playback::default());
    assert_eq!(host.ons(), []);
    // Those and eleven more are behind this block.
    host.block(&mut sequencer, &Transport { tempo: 900.0, ..at(3.9, 100) }, &Playback::default());
    assert_eq!(sequencer.lost(), 0);
    assert_eq!(host.ons().len(), INSTRUMENTS);
}

/// They were one when they were decided, within one sample at a high tempo.
#[test]
fn two_hits_of_a_drum_within_a_sample_are_two_where_the_tempo_falls_before_the_host_takes_them() {
    let mut take = tabs(&[".xx."]);
    (take.offsets[1][0], take.offsets[2][0]) = (127, -126);
    let mut host = Host::new(take);
    let mut sequencer = Sequencer::new();
    let rate = 14_854.0;
    let fast = Transport { tempo: 999.0, sample_rate: rate, ..at(0.0, 400) };
    host.room = 0;
    host.block(&mut sequencer, &fast, &Playback::default());
    host.room = usize::MAX;
    let beats = 400.0 * 10.0 / (60.0 * rate);
    let slow = Transport { tempo: 10.0, sample_rate: rate, ..at(beats, 34_000) };
    host.block(&mut sequencer, &slow, &Playback::default());
    assert_eq!(host.ons().len(), 2);
}

#[test]
fn a_start_two_samples_behind_a_step_is_behind_it_at_any_rate() {
    // At 10 BPM and 384 kHz two samples are less than a millionth of a beat.
    let mut host = Host::new(tabs(&["xxxx"]));
    let slow = Transport { tempo: 10.0, sample_rate: 384_000.0, ..at(2.0 * 10.0 / (60.0 * 384_000.0), 1000) };
    host.block(&mut Sequencer::new(), &slow, &Playback::default());
    assert_eq!(host.ons(), []);
}

#[test]
fn a_drum_that_was_muted_on_its_step_stays_silent_though_the_host_refused_events_just_then() {
    let mut host = Host::new(tabs(&["x...", "x..."]));
    let mut sequencer = Sequencer::new();
    host.room = 0;
    let snare_muted = Playback { mutes: 1 << 1, ..Playback::default() };
    let beats = host.roll(&mut sequencer, &snare_muted, 0.0, 100, 100);
    host.room = usize::MAX;
    host.roll(&mut sequencer, &Playback::default(), beats, 5_000, 100);
    assert_eq!(host.ons(), [(100, 36)]);
}

#[test]
fn two_drums_on_one_note_are_one_note_though_the_host_refuses_the_drum_between_them() {
    // Kick and rim share a note, the snare lies between. The host takes the kick and nothing more; the rim
    // waited like the snare, and struck the note a second time in the next block.
    let mut notes = *Kit::DEFAULT.notes();
    notes[2] = notes[0];
    let kit = Kit::new(notes).expect("notes below 128");
    let mut host = Host::new(Take::EMPTY);
    host.newest = Bank::new(&[tabs(&["x", "x", "x"])], 1, Grid::FOUR_FOUR, kit, Settings::DEFAULT, 1);
    let mut sequencer = Sequencer::new();
    host.room = 1;
    let beats = host.roll(&mut sequencer, &Playback::default(), 0.0, 100, 100);
    host.room = usize::MAX;
    host.roll(&mut sequencer, &Playback::default(), beats, 5_000, 100);
    assert_eq!(host.ons(), [(0, 36), (100, 38)]);
}

#[test]
fn a_bank_waits_for_its_bar_but_a_seek_takes_it() {
    let mut host = Host::new(tabs(&["xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx"]));
    let mut sequencer = Sequencer::new();
    let playback = Playback { commit: CommitMode::Bar, ..Playback::default() };
    let beats = host.roll(&mut sequencer, &playback, 0.0, 24_000, 256);
    let snare = Bank::new(
        &[tabs(&["", "xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx"])],
        1,
        Grid::FOUR_FOUR,
        Kit::DEFAULT,
        Settings::DEFAULT,
        1,
    );
    host.newest = snare;
    let beats = host.roll(&mut sequencer, &playback, beats, 24_000 * 3 + 1000, 256);
    let notes: Vec<u8> = host.ons().iter().map(|(_, note)| *note).collect();
    assert_eq!(notes, [[36; 16].as_slice(), &[38]].concat());
    host.newest = Host::new(tabs(&["", "", "xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx"])).newest;
    host.roll(&mut sequencer, &playback, beats + 0.4, 6_000, 256);
    assert_eq!(host.ons().last().map(|on| on.1), Some(37));
}

#[test]
fn swing_delays_every_second_sixteenth() {
    let mut host = Host::new(tabs(&["xx"]));
    host.roll(&mut Sequencer::new(), &Playback { swing: 1.0, ..Playback::default() }, 0.0, 24_000, 100);
    assert_eq!(host.ons(), [(0, 36), (9_000, 36)]);
}

#[test]
fn an_early_onset_sounds_early_but_never_before_the_start() {
    let mut take = tabs(&["x...x"]);
    take.offsets = [[-127; INSTRUMENTS]; MOST_STEPS];
    let mut host = Host::new(take);
    host.roll(&mut Sequencer::new(), &Playback::default(), 0.0, 48_000, 100);
    assert_eq!(host.ons(), [(0, 36), (21_000, 36)]);
}

#[test]
fn positions_before_zero_are_silent_and_the_song_starts_on_its_first_step() {
    let mut host = Host::new(tabs(&["x..............."]));
    host.roll(&mut Sequencer::new(), &Playback::default(), -1.0, 48_000, 1000);
    assert_eq!(host.ons(), [(24_000, 36)]);
}

#[test]
fn playback_settings_that_are_no_numbers_are_the_defaults() {
    let play = |playback: Playback| {
        let mut host = Host::new(tabs(&["xxxx", "x.x."]));
        host.roll(&mut Sequencer::new(), &playback, 0.0, 48_000, 512);
        host.events
    };
    let expected = play(Playback::default());
    for nonsense in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (swing, gate, velocity) = (nonsense, nonsense, nonsense);
        assert_eq!(play(Playback { swing, gate, velocity, ..Playback::default() }), expected);
    }
}

#[test]
fn a_broken_transport_is_silence() {
    let mut host = Host::new(tabs(&["xxxx"]));
    let mut sequencer = Sequencer::new();
    for tempo in [f64::NAN, f64::INFINITY, 0.0, -120.0] {
        host.block(&mut sequencer, &Transport { tempo, ..at(0.0, 64) }, &Playback::default());
    }
    for beats in [f64::NAN, f64::NEG_INFINITY, 1e300] {
        host.block(&mut sequencer, &at(beats, 64), &Playback::default());
    }
    assert!(host.events.is_empty());
}

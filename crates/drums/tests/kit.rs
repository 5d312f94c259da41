//! What a musician relies on in the built-in kit.

use beat::{DEFAULT_INSTRUMENT_NAMES, INSTRUMENTS};
use drums::Drums;

const RATE: f64 = 48_000.0;

/// A hit at a sample: instrument and velocity.
type Score = Vec<(usize, usize, u8)>;

/// Plays a score in blocks of these sizes, for ever round, until `length` samples are played.
fn render(mut drums: Drums, score: &Score, length: usize, sizes: &[usize]) -> [Vec<f32>; 2] {
    let mut out = [vec![0.0; length], vec![0.0; length]];
    let mut at = 0;
    let mut sizes = sizes.iter().cycle();
    while at < length {
        let end = length.min(at + sizes.next().copied().unwrap_or(64));
        // A block is cut where hits are, as the plugin does it.
        while at < end {
            score.iter().filter(|hit| hit.0 == at).for_each(|hit| drums.trigger(hit.1, hit.2, hit.0 as i64));
            let next = score.iter().map(|hit| hit.0).filter(|hit| *hit > at).min().unwrap_or(end).min(end);
            let [left, right] = &mut out;
            drums.render(&mut left[at..next], &mut right[at..next]);
            at = next;
        }
    }
    out
}

fn kit() -> Drums {
    Drums::new(4711, RATE)
}

fn one(instrument: usize, velocity: u8) -> [Vec<f32>; 2] {
    render(kit(), &vec![(0, instrument, velocity)], 48_000, &[512])
}

fn energy(sound: &[Vec<f32>; 2]) -> f32 {
    sound.iter().flatten().map(|sample| sample * sample).sum()
}

fn peak(sound: &[Vec<f32>; 2]) -> f32 {
    sound.iter().flatten().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// A busy bar on every drum, with flams a few samples apart and soft hits between.
fn busy() -> Score {
    let mut score = Vec::new();
    for step in 0..64 {
        for drum in 0..INSTRUMENTS {
            if (step * 7 + drum * 5) % 6 < 2 {
                score.push((step * 1_499 + drum * 13 % 40, drum, (20 + (step * 37 + drum * 11) % 108) as u8));
            }
        }
    }
    score
}

#[test]
fn every_drum_sounds_from_its_sample_on_and_not_before() {
    for (drum, name) in DEFAULT_INSTRUMENT_NAMES.iter().enumerate() {
        let sound = render(kit(), &vec![(777, drum, 100)], 4_800, &[64]);
        let first = sound[0].iter().zip(&sound[1]).position(|(left, right)| *left != 0.0 || *right != 0.0);
        let first = first.expect("every drum makes a sound");
        // A sine begins at 0, so its first sample is silent.
        assert!((777..=778).contains(&first), "{name} begins at {first}");
        let early = peak(&sound.clone().map(|side| side[777..777 + 720].to_vec()));
        assert!(early > 0.03, "{name} reaches {early} in its first 15 ms");
    }
}

#[test]
fn whatever_the_blocks_the_kit_sounds_the_same() {
    let expected = render(kit(), &busy(), 96_000, &[512]);
    for sizes in [&[1][..], &[64], &[8_192], &[3, 700, 1, 65, 129, 31]] {
        assert!(render(kit(), &busy(), 96_000, sizes) == expected, "in blocks of {sizes:?}");
    }
}

#[test]
fn the_sound_is_exactly_what_it_was() {
    let sum = |rate: f64| {
        let sound = render(Drums::new(4711, rate), &busy(), 2 * rate as usize, &[512]);
        // FNV-1a.
        sound
            .iter()
            .flatten()
            .flat_map(|sample| sample.to_bits().to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
    };
    let sums = [22_050.0, 44_100.0, 48_000.0, 96_000.0].map(sum);
    let expected =
        [0xc7c8_bb3b_9628_eb37, 0x5dc0_1b99_77c0_4bd1, 0x6528_350d_61dd_321d, 0xa9a5_b05c_ef86_daaf];
    assert_eq!(sums, expected, "{sums:#018x?}");
}

#[test]
fn equal_seeds_play_alike_and_hits_at_two_places_do_not() {
    let play = |seed| render(Drums::new(seed, RATE), &vec![(0, 1, 100), (24_000, 1, 100)], 48_000, &[512]);
    assert!(play(1) == play(1));
    assert!(play(1) != play(2));
    let twice = play(1);
    assert!(twice[0][..24_000] != twice[0][24_000..], "the second hit is another one");
}

#[test]
fn a_place_of_the_song_sounds_the_same_whatever_was_played_before() {
    for drum in 0..INSTRUMENTS {
        let last: Score = vec![(288_000, drum, 100)];
        let more: Score = (0..5).map(|hit| (hit * 4_000, drum, 60)).chain(last.clone()).collect();
        let [alone, behind] = [last, more].map(|score| render(kit(), &score, 300_000, &[512]));
        assert!(alone[0][288_000..] == behind[0][288_000..], "drum {drum}");
    }
}

#[test]
fn nothing_is_louder_than_full_scale_at_any_rate() {
    for rate in [8_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 384_000.0] {
        let mut drums = Drums::new(7, rate);
        let (mut left, mut right) = ([0.0; 100], [0.0; 100]);
        for block in 0..400 {
            if block % 8 == 0 {
                (0..INSTRUMENTS).for_each(|drum| drums.trigger(drum, 127, 0));
            }
            drums.render(&mut left, &mut right);
            for sample in left.iter().chain(&right) {
                assert!(sample.is_finite() && sample.abs() <= 0.98, "{sample} at {rate} Hz");
            }
        }
    }
}

#[test]
fn a_hit_is_as_loud_at_every_rate() {
    for (drum, name) in DEFAULT_INSTRUMENT_NAMES.iter().enumerate() {
        let loudness = |rate: f64| {
            let sound = render(Drums::new(3, rate), &vec![(0, drum, 110)], rate as usize, &[512]);
            10.0 * (energy(&sound) / rate as f32).log10()
        };
        let usual = loudness(48_000.0);
        for rate in [44_100.0, 96_000.0, 192_000.0] {
            let other = loudness(rate) - usual;
            assert!(other.abs() < 2.5, "{name} is {other} dB off at {rate} Hz");
        }
    }
}

#[test]
fn harder_is_louder_and_the_loudest_alone_needs_no_limit() {
    for (drum, name) in DEFAULT_INSTRUMENT_NAMES.iter().enumerate() {
        let mut before = 0.0;
        for velocity in [1, 30, 64, 100, 127] {
            let now = energy(&one(drum, velocity));
            assert!(now > 1.3 * before, "{name} at {velocity}");
            before = now;
        }
        let peak = peak(&one(drum, 127));
        assert!((0.2..0.7).contains(&peak), "{name} peaks at {peak}");
    }
}

#[test]
fn after_the_last_tail_there_is_exact_silence() {
    let mut drums = kit();
    (0..INSTRUMENTS).for_each(|drum| drums.trigger(drum, 127, 0));
    let (mut left, mut right) = (vec![0.0; 48_000], vec![0.0; 48_000]);
    let mut seconds = 0;
    while !drums.is_silent() {
        drums.render(&mut left, &mut right);
        seconds += 1;
        assert!(seconds < 6, "a tail that never ends");
    }
    drums.render(&mut left, &mut right);
    assert!(left.iter().chain(&right).all(|sample| *sample == 0.0));
}

#[test]
fn closing_the_hat_ends_the_open_one() {
    let open = render(kit(), &vec![(0, 5, 110)], 24_000, &[256]);
    let closed = render(kit(), &vec![(0, 5, 110), (4_800, 4, 110)], 24_000, &[256]);
    let tail = |sound: &[Vec<f32>; 2]| energy(&sound.clone().map(|side| side[12_000..].to_vec()));
    assert!(tail(&open) > 0.01, "the open hat rings");
    assert!(tail(&closed) < 0.001 * tail(&open), "the closed one ends it");
}

#[test]
fn off_is_silent_and_takes_no_hits_and_a_change_of_level_glides() {
    let mut drums = kit();
    let (mut left, mut right) = (vec![0.0; 4_800], vec![0.0; 4_800]);
    drums.trigger(9, 127, 0);
    drums.render(&mut left, &mut right);
    drums.set_level(0.0);
    drums.render(&mut left, &mut right);
    assert!(left[10] != 0.0, "it glides down");
    assert!(left[1_000..].iter().all(|sample| *sample == 0.0), "and is silent");
    assert!(drums.is_silent(), "nothing is computed any more");
    drums.trigger(9, 127, 0);
    assert!(drums.is_silent(), "an off kit takes no hits");
    drums.set_level(f32::NAN);
    drums.set_level(1.0);
    drums.trigger(9, 127, 0);
    drums.render(&mut left, &mut right);
    assert!(
        left[..100].iter().any(|sample| sample.abs() > 0.05),
        "back at once: nothing sounded that could jump"
    );
}

#[test]
fn a_roll_faster_than_the_hand_has_no_clicks_of_its_own() {
    // A low tom struck every 4 ms: what is heard between the hits stays as smooth as a tom.
    let score: Score = (0..100).map(|hit| (hit * 192, 6, 100)).collect();
    let sound = render(kit(), &score, 20_000, &[64]);
    let bend = |at: usize| (sound[0][at + 1] - 2.0 * sound[0][at] + sound[0][at - 1]).abs();
    // Away from the sticks, which are noise and last some milliseconds at the hits.
    let between = (0..100).map(|hit| hit * 192 + 191).map(bend).fold(0.0, f32::max);
    let stick = (0..100).flat_map(|hit| hit * 192 + 2..hit * 192 + 40).map(bend).fold(0.0, f32::max);
    assert!(between < stick, "{between} between the hits, {stick} at the sticks");
}

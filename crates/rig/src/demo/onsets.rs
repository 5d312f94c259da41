//! Onset detection in audio, and checks of peaks and of clicks at block borders.

/// An analysis window, in seconds.
const WINDOW: f64 = 0.002;
/// Windows before an onset that it is compared with.
const BEFORE: usize = 16;
/// The energy of an onset as a multiple of the mean energy before it.
const RATIO: f32 = 1.5;
/// The shortest time between two onsets, in seconds: a clap has several attacks.
const APART: f64 = 0.05;
/// The energy of a window below which there is no onset.
const FLOOR: f32 = 1e-7;

/// The samples at which sounds begin, to the precision of a window.
pub fn detect(audio: &[Vec<f32>; 2], rate: f64) -> Vec<u64> {
    let window = (WINDOW * rate).round().max(1.0) as usize;
    let [left, right] = audio;
    // Differences between samples emphasise attacks over decays.
    let differences: Vec<f32> = left
        .windows(2)
        .zip(right.windows(2))
        .map(|(left, right)| (left[1] - left[0]).powi(2) + (right[1] - right[0]).powi(2))
        .collect();
    let energies: Vec<f32> =
        differences.chunks(window).map(|chunk| chunk.iter().sum::<f32>() / chunk.len() as f32).collect();
    let apart = (APART / WINDOW) as usize;
    let mut onsets: Vec<usize> = Vec::new();
    for (at, energy) in energies.iter().enumerate() {
        let before = &energies[at.saturating_sub(BEFORE)..at];
        let mean = before.iter().sum::<f32>() / before.len().max(1) as f32;
        let loud = *energy > FLOOR && *energy > RATIO * mean;
        if loud && onsets.last().is_none_or(|last| at - last > apart) {
            onsets.push(at);
        }
    }
    onsets.into_iter().map(|at| (at * window) as u64).collect()
}

/// How well detected onsets agree with the notes that were played, 0..=1 each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnsetMatch {
    /// The share of note starts with a detected onset.
    pub recall: f64,
    /// The share of detected onsets with a note.
    pub precision: f64,
}

/// Compares `detected` onsets with the samples at which notes start (both in order).
pub fn match_onsets(detected: &[u64], notes: &[u64], rate: f64) -> OnsetMatch {
    // A sine takes some milliseconds to rise; an onset is at most a window before its note.
    let (early, late) = ((WINDOW * rate) as u64, (0.015 * rate) as u64);
    let matches = |onset: u64, note: u64| onset + early >= note && onset <= note + late;
    let mut starts: Vec<u64> = notes.to_vec();
    starts.dedup_by(|later, first| *later - *first < (APART * rate) as u64);
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    let found = starts.iter().filter(|note| detected.iter().any(|onset| matches(*onset, **note))).count();
    let right = detected.iter().filter(|onset| notes.iter().any(|note| matches(**onset, *note))).count();
    OnsetMatch { recall: share(found, starts.len()), precision: share(right, detected.len()) }
}

/// The largest amplitude.
pub fn peak(audio: &[Vec<f32>; 2]) -> f32 {
    audio.iter().flatten().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The mean second difference of the audio where blocks of `frames` samples meet, as a multiple of that inside
/// them; about 1 without clicks. The samples at which notes start are left out.
pub fn roughness_at_borders(audio: &[Vec<f32>; 2], frames: usize, starts: &[u64]) -> f64 {
    let (mut border, mut inside) = ((0.0, 0_u64), (0.0, 0_u64));
    let mut starts = starts.iter().copied().peekable();
    for at in 2..audio[0].len().min(audio[1].len()) {
        while starts.next_if(|start| *start as usize + 2 < at).is_some() {}
        if starts.peek().is_some_and(|start| at >= *start as usize) {
            continue;
        }
        let difference = |side: &Vec<f32>| f64::from(side[at] - 2.0 * side[at - 1] + side[at - 2]).abs();
        let sum = if at % frames < 2 { &mut border } else { &mut inside };
        sum.0 += audio.iter().map(difference).sum::<f64>();
        sum.1 += 1;
    }
    (border.0 / border.1.max(1) as f64) / (inside.0 / inside.1.max(1) as f64).max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    /// Half a second of audio with a burst of noise from each of these samples on, which decays by 9 dB in `decay`
    /// samples.
    fn noises(starts: &[usize], decay: f32) -> [Vec<f32>; 2] {
        let mut side = vec![0.0; 24_000];
        let mut state = 7_u32;
        for &start in starts {
            for (at, sample) in side[start..].iter_mut().enumerate() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample += (state >> 8) as f32 / 16_777_216.0 * (-(at as f32) / decay).exp();
            }
        }
        [side.clone(), side]
    }

    #[test]
    fn onsets_are_detected_where_sounds_begin() {
        let detected = detect(&noises(&[4_830, 12_030], 500.0), RATE);
        assert_eq!(detected, [4_800, 12_000]);
        let all = OnsetMatch { recall: 1.0, precision: 1.0 };
        assert_eq!(match_onsets(&detected, &[4_830, 4_831, 12_030], RATE), all);
        assert_eq!(match_onsets(&detected, &[4_830], RATE), OnsetMatch { recall: 1.0, precision: 0.5 });
        assert_eq!(match_onsets(&detected, &[4_830, 9_000, 12_030, 20_000], RATE).recall, 0.5);
    }

    #[test]
    fn a_click_at_every_border_is_found() {
        let mut audio = noises(&[0], 1e9);
        let smooth = roughness_at_borders(&audio, 256, &[0]);
        assert!((0.7..1.3).contains(&smooth), "{smooth}");
        audio.iter_mut().for_each(|side| side.iter_mut().step_by(256).for_each(|sample| *sample += 1.0));
        let clicking = roughness_at_borders(&audio, 256, &[0]);
        assert!(clicking > 1.2 * smooth, "{clicking}");
    }
}

//! Ears: where something begins to sound in a recording, and whether it is fit to be heard.

/// A hearing window, in seconds.
const WINDOW: f64 = 0.002;
/// Windows before a moment that it is compared with.
const BEFORE: usize = 16;
/// How many times louder a beginning is than what was before.
const LOUDER: f32 = 1.5;
/// Beginnings nearer to one another than this are one, in seconds: a clap is several hands.
const APART: f64 = 0.05;
/// Energy of a window below which nothing begins.
const FAINT: f32 = 1e-7;

/// The samples at which something begins to sound, to a window's precision.
pub fn onsets(audio: &[Vec<f32>; 2], rate: f64) -> Vec<u64> {
    let window = (WINDOW * rate).round().max(1.0) as usize;
    let [left, right] = audio;
    // The steps from sample to sample: beginnings are sharp, tails are not.
    let sharp: Vec<f32> = left
        .windows(2)
        .zip(right.windows(2))
        .map(|(left, right)| (left[1] - left[0]).powi(2) + (right[1] - right[0]).powi(2))
        .collect();
    let energies: Vec<f32> =
        sharp.chunks(window).map(|chunk| chunk.iter().sum::<f32>() / chunk.len() as f32).collect();
    let apart = (APART / WINDOW) as usize;
    let mut begun: Vec<usize> = Vec::new();
    for (at, energy) in energies.iter().enumerate() {
        let before = &energies[at.saturating_sub(BEFORE)..at];
        let usual = before.iter().sum::<f32>() / before.len().max(1) as f32;
        let loud = *energy > FAINT && *energy > LOUDER * usual;
        if loud && begun.last().is_none_or(|last| at - last > apart) {
            begun.push(at);
        }
    }
    begun.into_iter().map(|at| (at * window) as u64).collect()
}

/// How well what is heard agrees with what was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The share of moments with a note at which something is heard to begin.
    pub heard: f64,
    /// The share of what is heard to begin that a note explains.
    pub explained: f64,
}

/// Compares beginnings that are `heard` with the samples at which notes were `played` (both in order).
pub fn agreement(heard: &[u64], played: &[u64], rate: f64) -> Agreement {
    // A sine takes some milliseconds to be heard; no ear begins before its note, but for its window.
    let (early, late) = ((WINDOW * rate) as u64, (0.015 * rate) as u64);
    let near = |heard: u64, played: u64| heard + early >= played && heard <= played + late;
    let mut moments: Vec<u64> = played.to_vec();
    moments.dedup_by(|later, first| *later - *first < (APART * rate) as u64);
    let share = |met: usize, of: usize| met as f64 / of.max(1) as f64;
    let met = moments.iter().filter(|at| heard.iter().any(|ear| near(*ear, **at))).count();
    let explained = heard.iter().filter(|ear| played.iter().any(|at| near(**ear, *at))).count();
    Agreement { heard: share(met, moments.len()), explained: share(explained, heard.len()) }
}

/// The loudest sample, as an amplitude.
pub fn peak(audio: &[Vec<f32>; 2]) -> f32 {
    audio.iter().flatten().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// How much rougher the audio is where blocks of `frames` samples meet than inside them: the mean bend of
/// the wave there, as a multiple of the mean bend elsewhere. About 1 where nothing clicks. Where notes
/// start is left out.
pub fn roughness_at_borders(audio: &[Vec<f32>; 2], frames: usize, starts: &[u64]) -> f64 {
    let (mut border, mut inside) = ((0.0, 0_u64), (0.0, 0_u64));
    let mut starts = starts.iter().copied().peekable();
    for at in 2..audio[0].len().min(audio[1].len()) {
        while starts.next_if(|start| *start as usize + 2 < at).is_some() {}
        if starts.peek().is_some_and(|start| at >= *start as usize) {
            continue;
        }
        let bend = |side: &Vec<f32>| f64::from(side[at] - 2.0 * side[at - 1] + side[at - 2]).abs();
        let sum = if at % frames < 2 { &mut border } else { &mut inside };
        sum.0 += audio.iter().map(bend).sum::<f64>();
        sum.1 += 1;
    }
    (border.0 / border.1.max(1) as f64) / (inside.0 / inside.1.max(1) as f64).max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    /// A recording of half a second with noise from each of these samples on, `ring` samples long to 9 dB.
    fn noises(starts: &[usize], ring: f32) -> [Vec<f32>; 2] {
        let mut side = vec![0.0; 24_000];
        let mut state = 7_u32;
        for &start in starts {
            for (at, sample) in side[start..].iter_mut().enumerate() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample += (state >> 8) as f32 / 16_777_216.0 * (-(at as f32) / ring).exp();
            }
        }
        [side.clone(), side]
    }

    #[test]
    fn beginnings_are_heard_where_they_are_and_nowhere_else() {
        let heard = onsets(&noises(&[4_830, 12_030], 500.0), RATE);
        assert_eq!(heard, [4_800, 12_000]);
        let all = Agreement { heard: 1.0, explained: 1.0 };
        assert_eq!(agreement(&heard, &[4_830, 4_831, 12_030], RATE), all);
        assert_eq!(agreement(&heard, &[4_830], RATE), Agreement { heard: 1.0, explained: 0.5 });
        assert_eq!(agreement(&heard, &[4_830, 9_000, 12_030, 20_000], RATE).heard, 0.5);
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

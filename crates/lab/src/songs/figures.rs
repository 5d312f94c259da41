//! How well a model of time foretells songs that it never saw, step by step, beside what copying foretells.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use beat::STEPS;
use nets::{SongKind, SongModel, Walk};
use rayon::prelude::*;
use serde::Serialize;

use super::Songs;
use super::copying::copying;
use super::foreteller::Foreteller;
use super::vae::vae_report;

/// What was measured, over all steps of the held-out songs from the 33rd on.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct StepFigures {
    songs: usize,
    steps: usize,
    /// Share of steps that the model foretells, by its likeliest class.
    accuracy: f64,
    /// The same among the steps that differ from 32 steps ago.
    accuracy_changed: f64,
    /// The exponential of the mean nats a step.
    perplexity: f64,
    /// Share of steps that are silent.
    silence: f64,
    /// Share of steps that are as 32 steps ago, and the perplexity of guessing so.
    copying: f64,
    copying_perplexity: f64,
}

/// Sums over some steps.
#[derive(Clone, Copy, Default)]
struct Sums {
    steps: usize,
    right: usize,
    changed: usize,
    changed_right: usize,
    silent: usize,
    nats: f64,
}

impl Sums {
    fn of(mut walk: Box<dyn Walk + '_>, song: &[u16]) -> Self {
        let mut sums = Self::default();
        for (now, class) in song.iter().enumerate() {
            if now >= STEPS {
                sums.count(&walk.logits(), song, now);
            }
            walk.play(*class);
        }
        sums
    }

    /// Counts the step `now` of `song`, which was foretold by `logits`.
    fn count(&mut self, logits: &[f32], song: &[u16], now: usize) {
        let truth = usize::from(song[now]) % logits.len();
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
        let right = logits[truth] >= highest;
        let changed = song[now] != song[now - STEPS];
        self.steps += 1;
        self.nats += sum.ln() - f64::from(logits[truth] - highest);
        self.right += usize::from(right);
        self.changed += usize::from(changed);
        self.changed_right += usize::from(changed && right);
        self.silent += usize::from(song[now] == 0);
    }

    fn and(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            right: self.right + other.right,
            changed: self.changed + other.changed,
            changed_right: self.changed_right + other.changed_right,
            silent: self.silent + other.silent,
            nats: self.nats + other.nats,
        }
    }
}

/// Measures `model` on `songs`.
fn step_figures(model: &Foreteller, songs: &[Vec<u16>]) -> StepFigures {
    // Added up in the order of the songs, so that the same songs give the same figures to the last digit.
    let each: Vec<Sums> = songs.par_iter().map(|song| Sums::of(model.walk(), song)).collect();
    let sums = each.into_iter().fold(Sums::default(), Sums::and);
    let copied = copying(songs);
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    StepFigures {
        songs: songs.len(),
        steps: sums.steps,
        accuracy: share(sums.right, sums.steps),
        accuracy_changed: share(sums.changed_right, sums.changed),
        perplexity: (sums.nats / sums.steps.max(1) as f64).exp(),
        silence: share(sums.silent, sums.steps),
        copying: copied.accuracy,
        copying_perplexity: copied.perplexity,
    }
}

/// Measures a model of time on the held-out songs of some files, and prints and keeps the figures.
pub(crate) fn evaluate(model: &SongModel, files: &[PathBuf], json: Option<&PathBuf>) -> Result<()> {
    let songs = Songs::read(files)?;
    ensure!(!songs.held_out.is_empty(), "the files hold no held-out song to measure on");
    if let SongKind::Vae(shape) = model.kind() {
        return vae_report(model, shape, songs, json);
    }
    step_report(&Foreteller::new(model)?, &songs.held_out, json)
}

fn step_report(model: &Foreteller, held_out: &[Vec<u16>], json: Option<&PathBuf>) -> Result<()> {
    let figures = step_figures(model, held_out);
    println!("{} held-out songs, {} steps from the 33rd on", figures.songs, figures.steps);
    println!(
        "the model        accuracy {:.3}  where it changes {:.3}  perplexity {:.2}",
        figures.accuracy, figures.accuracy_changed, figures.perplexity
    );
    println!(
        "two bars ago     accuracy {:.3}  where it changes 0.000  perplexity {:.2}",
        figures.copying, figures.copying_perplexity
    );
    println!("silence          accuracy {:.3}", figures.silence);
    if let Some(path) = json {
        let text = serde_json::to_vec_pretty(&figures)?;
        corpus::rows::write_atomically(path, |file| file.write_all(&text))?;
    }
    Ok(())
}

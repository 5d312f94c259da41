//! Folders of MIDI files: one file for steps of any length, and a pack, which is a loop of two bars for each pattern
//! and a manifest of how they were made.
//!
//! A file has one track on channel 10 that ends with the last bar. A beat has 480 ticks. (The packs
//! of the paper's authors have 120 ticks a sixteenth at 360 a beat, which a DAW reads as triplets, and no note-offs.)

use std::path::Path;

use anyhow::{Context, Result, ensure};
use beat::{Grid, INSTRUMENTS, Kit, Pattern};
use nets::{Latent, Model, PatternDecoder};
use score::{Note, Song};
use serde_json::json;
use train::latents::draw;

/// The content of a pack, and how it was sampled.
pub(crate) struct Pack<'a> {
    pub(crate) model: &'a Model,
    pub(crate) temperature: f32,
    pub(crate) seed: u64,
    /// Quarter notes a minute.
    pub(crate) bpm: f64,
    pub(crate) patterns: &'a [Pattern],
    /// The latent of each pattern.
    pub(crate) latents: &'a [Latent],
}

impl Pack<'_> {
    /// Writes the pack. The manifest comes last, so that a folder with one is complete.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        create_empty(folder)?;
        let grid = self.model.grid();
        let logits = PatternDecoder::new(self.model).logits(self.latents);
        let mut files = Vec::with_capacity(self.patterns.len());
        for (row, (pattern, logits)) in self.patterns.iter().zip(&logits).enumerate() {
            let file = format!("beat-{:05}.mid", row + 1);
            let velocities = nets::velocities(logits, &draw(self.temperature, self.seed, row), grid);
            let velocity = |step: usize, instrument: usize| velocities[step][instrument];
            let bytes = midi_file(
                &file,
                self.bpm,
                &self.model.kit(),
                grid,
                &pattern.steps()[..grid.steps()],
                velocity,
            )?;
            corpus::rows::write_atomically(&folder.join(&file), |out| out.write_all(&bytes))?;
            files.push(
                json!({ "file": file, "code": pattern.steps()[..grid.steps()], "latent": self.latents[row] }),
            );
        }
        let kit = &self.model.parts().kit;
        let manifest = json!({
            "model_sha256": self.model.sha256_hex(),
            "made_by": self.model.provenance().commands,
            "temperature": self.temperature,
            "seed": self.seed,
            "bpm": self.bpm,
            "ticks_a_beat": score::TICKS_A_BEAT,
            "kit": { "names": kit.names, "notes": kit.notes },
            "files": files,
        });
        let text = serde_json::to_string_pretty(&manifest)?;
        corpus::rows::write_atomically(&folder.join("manifest.json"), |out| writeln!(out, "{text}"))?;
        Ok(())
    }
}

/// Channel 10, counted from 0.
const DRUM_CHANNEL: u8 = 9;

/// The bytes of one file. `steps`, which lie on `grid`, has a hit of instrument `i` of `kit` at bit `i`, and `velocity` gives the MIDI
/// velocity of an instrument at a step; `bpm` is quarter notes a minute.
pub(crate) fn midi_file(
    name: &str,
    bpm: f64,
    kit: &Kit,
    grid: &Grid,
    steps: &[u16],
    velocity: impl Fn(usize, usize) -> u8,
) -> Result<Vec<u8>> {
    let mut notes = Vec::new();
    for (step, hits) in steps.iter().enumerate() {
        for instrument in (0..INSTRUMENTS).filter(|instrument| hits >> instrument & 1 == 1) {
            notes.push(Note {
                beats: step as f64 * grid.step_beats(),
                // Half a step: a drum that is hit on every step still ends before it starts again.
                length_beats: grid.step_beats() / 2.0,
                channel: DRUM_CHANNEL,
                note: kit.note(instrument),
                velocity: velocity(step, instrument).clamp(1, 127),
            });
        }
    }
    let beats = steps.len() as f64 * grid.step_beats();
    let time_signature = (grid.bar_beats() as u8, 4);
    let song = Song { title: name, track: name, tempo: bpm, time_signature, beats };
    Ok(score::to_single_track_bytes(&song, &notes)?)
}

/// Creates a folder, or checks that it is empty.
pub(crate) fn create_empty(folder: &Path) -> Result<()> {
    let name = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("{name}: can't be made"))?;
    let mut entries = folder.read_dir().with_context(|| format!("{name}: can't be read"))?;
    ensure!(entries.next().is_none(), "{name}: is not empty; it wants a folder of its own");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    const GRID: Grid = Grid::FOUR_FOUR;
    const STEPS: usize = beat::MOST_STEPS;
    use midly::num::u15;
    use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

    use super::*;
    use corpus::extract::{Extractor, Options, Selection};
    use corpus::loops::Keep;
    use train::latents::{LatentSource, draw_latents, draw_patterns};

    fn written(folder: &Path) -> Result<Vec<Pattern>> {
        let model = Model::synthetic(3);
        let latents: Vec<Latent> =
            draw_latents(model.codes(), LatentSource::Data, 12, 1).into_iter().map(|(z, _)| z).collect();
        let patterns = draw_patterns(&model, &latents, 0.5, 1);
        let (temperature, seed, bpm) = (0.5, 1, 90.0);
        Pack { model: &model, temperature, seed, bpm, patterns: &patterns, latents: &latents }
            .write(folder)?;
        Ok(patterns)
    }

    /// Without what `extract` drops: circular shifts of earlier patterns, and patterns that fail the filter.
    fn deduplicated(patterns: &[Pattern]) -> BTreeSet<[u16; STEPS]> {
        let mut earlier = corpus::filter::PatternSet::default();
        let is_new =
            |pattern: &&Pattern| corpus::filter::passes(pattern, &GRID) && earlier.insert(pattern, &GRID);
        patterns.iter().filter(is_new).map(|pattern| *pattern.steps()).collect()
    }

    #[test]
    fn a_pack_is_extracted_to_the_patterns_that_it_was_written_from() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let patterns = written(folder.path())?;
        let options = Options {
            midi: vec![folder.path().to_owned()],
            selection: Selection::Patterns(Keep::Every),
            ..Options::default()
        };
        let extraction = Extractor::open(options)?.run(&|| {}, &|| false);
        let found = extraction.rows.iter().filter_map(|row| row.pattern(&GRID));
        let found: BTreeSet<[u16; STEPS]> = found.map(|pattern| *pattern.steps()).collect();
        assert!(extraction.damaged.is_empty() && !found.is_empty());
        assert_eq!(found, deduplicated(&patterns));
        Ok(())
    }

    #[test]
    fn every_note_ends_before_it_starts_again_and_the_loop_is_two_bars_long() -> Result<()> {
        let folder = tempfile::tempdir()?;
        written(folder.path())?;
        let bytes = std::fs::read(folder.path().join("beat-00001.mid"))?;
        let smf = Smf::parse(&bytes)?;
        let (mut tick, mut sounding) = (0, BTreeSet::new());
        for event in &smf.tracks[0] {
            tick += event.delta.as_int();
            match event.kind {
                TrackEventKind::Midi { message: MidiMessage::NoteOn { key, vel }, channel } => {
                    assert!(tick % 120 == 0 && vel > 0 && channel == 9);
                    assert!(sounding.insert(key), "{key} starts twice");
                }
                TrackEventKind::Midi { message: MidiMessage::NoteOff { key, .. }, .. } => {
                    assert!(sounding.remove(&key), "{key} ends without a start");
                }
                TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => assert_eq!(tempo.as_int(), 666_667),
                _ => {}
            }
        }
        assert_eq!((tick, sounding.len(), smf.header.timing), (3840, 0, Timing::Metrical(u15::new(480))));
        Ok(())
    }

    #[test]
    fn a_folder_that_is_not_empty_is_refused() -> Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("mine.txt"), "mine")?;
        assert!(written(folder.path()).is_err_and(|error| error.to_string().contains("is not empty")));
        assert_eq!(folder.path().read_dir()?.count(), 1);
        Ok(())
    }
}

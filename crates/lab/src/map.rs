//! `map`: a trained model in, the same model with its map out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use beat::{Grid, Pattern};
use clap::Args;
use corpus::filter::passes;
use corpus::grid::Metre;
use corpus::rows::UNKNOWN_GENRE;
use nets::{Draw, GridReading, Latent, LatentMap, MapRegion, Model, PatternDecoder, Precision, Weights};
use serde_json::json;
use train::kinds::set_quality;
use train::latents::encode;
use train::mapping::embed::{ITERATIONS, embed};
use train::mapping::invert::{SIDE, invert};
use train::mapping::points::{aligned, equalise, mean_distance};
use train::mapping::regions::{grouped, regions};
use train::metrics::neighbours::trustworthiness;
use train::patterns::{Patterns, file_names, genres};
use train::rng::{Purpose, TrainingRng};

use crate::progress;

/// The largest share of the placed patterns that one genre may have, so that rock, the most frequent one, does not
/// cover most of the map.
const LARGEST_SHARE: f64 = 0.12;
/// Genres with so few patterns are placed whole: a map of hundreds of patterns has too few to leave any out.
const SMALL_GENRE: usize = 250;
/// The genre's name where the files name none.
const NAMELESS: &str = "unknown";

#[derive(Args, Debug)]
pub(crate) struct Map {
    /// The trained model
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// A TSV file of patterns to place; may be repeated
    #[arg(long = "patterns", value_name = "FILE", required = true)]
    patterns: Vec<PathBuf>,
    /// The file to write: the model with its map
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A model whose map this one is rotated and mirrored to match, so that regions stay where they were
    #[arg(long, value_name = "FILE")]
    like: Option<PathBuf>,
    /// Leave the encoder out of the file, which is of no use to play: it is a third of a small model
    #[arg(long)]
    without_encoder: bool,
    /// Seed of the choice of patterns in large genres
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Makes the map and writes the model that has it.
pub(crate) fn run(args: &Map) -> Result<()> {
    let model = Model::read(&args.model)?;
    let patterns = Patterns::read(&args.patterns, model.grid())?;
    patterns.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    ensure!(model.kit() == patterns.kit, "{} has another kit than the patterns", args.model.display());
    let placed = Placed::choose(&model, &patterns, args.seed)?;
    eprintln!("{} patterns of {} genres are placed", placed.latents.len(), placed.genres.len());
    let bar = progress::bar("t-SNE", ITERATIONS);
    let embedding =
        embed(&placed.latents, &progress::single_thread()?, |done| bar.set_position(done as u64))?;
    bar.finish();
    let before = args.like.as_ref().map(|file| placed.on_the_map_of(file, &patterns.grid)).transpose()?;
    let cloud = match &before {
        Some(before) => aligned(&embedding.points, before),
        None => embedding.points,
    };
    let points = equalise(&cloud, args.seed);
    let trust = trustworthiness(&placed.latents, &points);
    let moved = before.map(|before| mean_distance(&points, &before));
    let grid = invert(&points, &placed.latents)?;
    let (names, groups): (Vec<String>, Vec<Vec<usize>>) = placed.groups().into_iter().unzip();
    let regions = regions(&points, &groups)
        .into_iter()
        .map(|region| {
            let [x, y] = region.at;
            MapRegion { name: names[region.group].clone(), x, y }
        })
        .collect();
    let mut parts = model.into_parts();
    parts.genres = placed.genres;
    parts.map = Some(LatentMap::new(SIDE, grid, points, placed.labels, regions)?);
    parts.provenance.commands.push(command(args));
    if args.without_encoder {
        let mut kept = Weights::default();
        let weights = parts.weights.iter().filter(|(name, _)| !name.starts_with("encoder."));
        weights.for_each(|(name, array)| kept.insert(name, array.clone()));
        parts.weights = kept;
    }
    let measured = json!({ "divergence": embedding.divergence, "trustworthiness": trust, "moved": moved });
    set_quality(&mut parts.provenance.quality, "map", measured);
    let mapped = Model::new(&args.out.display().to_string(), parts)?;
    let bytes = mapped.to_bytes(Precision::Half);
    corpus::rows::write_atomically(&args.out, |file| file.write_all(&bytes))?;
    let size = bytes.len();
    println!("{}: {size} bytes, t-SNE's divergence {:.3} nats", args.out.display(), embedding.divergence);
    println!("trustworthiness of the placed patterns {trust:.3}");
    if let Some(moved) = moved {
        println!("a pattern lies {moved:.3} of the map's side from where it lay, on average");
    }
    Ok(())
}

/// The command that makes this map again, without the folders of its files.
fn command(args: &Map) -> String {
    let files: String = file_names(&args.patterns).iter().map(|file| format!(" --patterns {file}")).collect();
    let like = args.like.iter().flat_map(|file| file_names(std::slice::from_ref(file)));
    let like: String = like.map(|file| format!(" --like {file}")).collect();
    let without = if args.without_encoder { " --without-encoder" } else { "" };
    format!("cargo xtask map{files}{like}{without} --seed {}", args.seed)
}

/// The patterns that have a place on the map.
struct Placed {
    patterns: Vec<Pattern>,
    latents: Vec<Latent>,
    /// The index of each one's genre.
    labels: Vec<u8>,
    metres: Vec<Metre>,
    genres: Vec<String>,
}

impl Placed {
    /// Training patterns of known genre whose reconstruction passes the filter of patterns, with large genres
    /// subsampled.
    fn choose(model: &Model, patterns: &Patterns, seed: u64) -> Result<Self> {
        let encoder = model
            .encoder(&nets::device())
            .with_context(|| format!("{} came without its encoder, so it can't be mapped", model.file()))?;
        let mut rows = patterns.training();
        let known = genres(rows.iter().copied());
        if !known.is_empty() {
            rows.retain(|row| row.genre != UNKNOWN_GENRE);
        }
        let inputs: Vec<Pattern> = rows.iter().map(|row| row.pattern).collect();
        let latents = encode(&encoder, &inputs, model.grid())?;
        let decoded = PatternDecoder::new(model).patterns(&latents, |_| Draw::LIKELIEST);
        let names: Vec<String> =
            if known.is_empty() { vec![NAMELESS.to_owned()] } else { known.into_keys().collect() };
        ensure!(names.len() <= 256, "{} genres are more than the 256 that a model may name", names.len());
        let label = |genre: &str| names.iter().position(|name| name == genre).unwrap_or(0) as u8;
        let passing: Vec<(usize, u8)> = (0..rows.len())
            .filter(|row| passes(&decoded[*row], model.grid()))
            .map(|row| (row, label(&rows[row].genre)))
            .collect();
        let chosen = subsampled(&passing, names.len(), seed);
        Ok(Self {
            patterns: chosen.iter().map(|(row, _)| inputs[*row]).collect(),
            latents: chosen.iter().map(|(row, _)| latents[*row]).collect(),
            labels: chosen.iter().map(|(_, label)| *label).collect(),
            metres: chosen.iter().map(|(row, _)| rows[*row].metre).collect(),
            genres: names,
        })
    }

    /// What may be named on the map, and which of the patterns belong to each: the genres, and where there are several,
    /// the metres.
    fn groups(&self) -> Vec<(String, Vec<usize>)> {
        let genres = self.genres.iter().cloned().zip(grouped(&self.labels, self.genres.len()));
        let mut metres: BTreeMap<Metre, Vec<usize>> = BTreeMap::new();
        for (pattern, metre) in self.metres.iter().enumerate() {
            metres.entry(*metre).or_default().push(pattern);
        }
        let several = metres.len() > 1;
        genres
            .chain(metres.into_iter().filter(|_| several).map(|(metre, group)| (metre.to_string(), group)))
            .collect()
    }

    /// The places of these patterns, which are on `grid`, on another model's map. One in 4/4 knows them as they are read
    /// in 4/4.
    fn on_the_map_of(&self, file: &Path, grid: &Grid) -> Result<Vec<[f32; 2]>> {
        let other = Model::read(file)?;
        let patterns: Vec<Pattern> = match other.grid() {
            own if own == grid => self.patterns.clone(),
            &Grid::FOUR_FOUR => {
                self.patterns.iter().map(|pattern| GridReading::of(*grid).to_four(pattern)).collect()
            }
            own => bail!("{}: is in the metre {}, this model in {}", file.display(), own.name(), grid.name()),
        };
        let encoder = other.encoder(&nets::device());
        let (Some(map), Some(encoder)) = (other.map(), encoder) else {
            bail!("{}: has no map or no encoder, so nothing can be laid out like it", file.display());
        };
        Ok(map.places(&encode(&encoder, &patterns, other.grid())?))
    }
}

/// All rows of the small genres and a random part of those of the large ones, in the order given.
fn subsampled(rows: &[(usize, u8)], genres: usize, seed: u64) -> Vec<(usize, u8)> {
    let mut counts = vec![0_usize; genres];
    for (_, label) in rows {
        counts[usize::from(*label)] += 1;
    }
    let limit = genre_limit(&counts);
    let mut chosen_counts = vec![0; genres];
    let order = TrainingRng::new(seed, Purpose::Placing, 0).order(rows.len());
    let mut chosen: Vec<usize> = order
        .into_iter()
        .filter(|k| {
            let count = &mut chosen_counts[usize::from(rows[*k].1)];
            *count += 1;
            *count <= limit
        })
        .collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|k| rows[k]).collect()
}

/// The most patterns that a genre may have, so that none has more than its share of the whole.
fn genre_limit(counts: &[usize]) -> usize {
    let total = |most: usize| counts.iter().map(|count| *count.min(&most)).sum::<usize>();
    let largest = counts.iter().copied().max().unwrap_or(0);
    let fits = |most: usize| most as f64 <= LARGEST_SHARE * total(most) as f64;
    // With few genres no limit is low enough: then all are placed.
    (1..=largest).rev().find(|most| fits(*most)).unwrap_or(largest).max(SMALL_GENRE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_genres_are_subsampled_and_small_ones_kept() {
        let mut rows: Vec<(usize, u8)> = (0..5000).map(|k| (k, 0)).collect();
        rows.extend((0..2000).map(|k| (5000 + k, 1 + (k % 20) as u8)));
        let chosen = subsampled(&rows, 21, 1);
        let of = |genre: u8| chosen.iter().filter(|(_, label)| *label == genre).count();
        assert_eq!((1..21).map(of).collect::<Vec<_>>(), [100; 20]);
        assert!(of(0) as f64 <= 0.12 * chosen.len() as f64 && of(0) > 200, "{}", of(0));
        assert!(chosen.is_sorted_by_key(|(row, _)| *row));
        assert_ne!(subsampled(&rows, 21, 2), chosen);
    }

    #[test]
    fn one_genre_alone_is_placed_whole() {
        let rows: Vec<(usize, u8)> = (0..50).map(|k| (k, 0)).collect();
        assert_eq!(subsampled(&rows, 1, 1), rows);
    }
}

//! `train KIND`: patterns or songs in, a model out. A subcommand for each kind of the registry, with the options that
//! mean something for it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use beat::Grid;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use nets::{Model, Precision, Provenance};
use train::kinds::{Interrupted, KINDS, Kind, KindOption, Options, Run, TrainKind};
use train::patterns::{FOLDS, HeldOut, Patterns, file_names};
use train::songs::Songs;
use train::training::{Checkpoint, Progress};

use crate::progress;

/// A kind and how to train it.
#[derive(Debug)]
pub(crate) struct Train {
    kind: &'static Kind,
    options: Options,
    /// The trained model that a history head is added to.
    model: Option<PathBuf>,
    /// For kinds that learn from patterns.
    patterns: PatternArgs,
    shared: SharedArgs,
}

/// The arguments of kinds that learn from patterns.
#[derive(Args, Clone, Debug)]
pub(crate) struct PatternArgs {
    /// The metre of the patterns: 4/4, shuffle or three
    #[arg(long, value_name = "METRE", default_value = "4/4", value_parser = metre)]
    metre: Grid,
    /// A model in 4/4 whose weights are the start, where few songs are in the metre
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// Also learn from patterns of 4/4 as they can be read in the metre
    #[arg(long)]
    derive: bool,
    /// Hold out this fifth of the songs, 1 to 5, instead of the usual tenth: for figures over all songs
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=i64::from(FOLDS)))]
    fold: Option<u32>,
}

impl Default for PatternArgs {
    fn default() -> Self {
        Self { metre: Grid::FOUR_FOUR, start: None, derive: false, fold: None }
    }
}

/// The grid of a metre's name.
pub(crate) fn metre(name: &str) -> Result<Grid, String> {
    Grid::named(name).ok_or_else(|| format!("metres are {}", Grid::ALL.map(|grid| grid.name()).join(", ")))
}

/// The arguments of every kind.
#[derive(Args, Clone, Debug)]
pub(crate) struct SharedArgs {
    /// A file of patterns, or of songs for kinds that are trained on whole songs, as `extract` writes it; may be
    /// repeated
    #[arg(long = "patterns", value_name = "FILE", required = true)]
    pub(crate) patterns: Vec<PathBuf>,
    /// The model file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Seed of the first weights, the order of examples and all noise
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Epochs; the kind's default if left out
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    /// Continue from the checkpoint of an interrupted run
    #[arg(long)]
    pub(crate) resume: bool,
    /// The name of the corpus, for the model's provenance
    #[arg(long, default_value = "")]
    pub(crate) corpus: String,
    /// A licence of the corpus; may be repeated
    #[arg(long = "licence", value_name = "TEXT")]
    pub(crate) licences: Vec<String>,
}

impl Train {
    /// `train KIND` with everything optional left out.
    pub(crate) fn of(kind: &'static Kind, patterns: &[PathBuf], out: PathBuf, seed: u64) -> Self {
        let shared = SharedArgs {
            patterns: patterns.to_vec(),
            out,
            seed,
            epochs: None,
            resume: false,
            corpus: String::new(),
            licences: Vec::new(),
        };
        Self { kind, options: defaults(kind), model: None, patterns: PatternArgs::default(), shared }
    }

    fn from_kind(kind: &'static Kind, matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = defaults(kind);
        for option in kind.options {
            if let Some(values) = matches.get_many::<u64>(option.name) {
                options.insert(option.name, values.copied().collect());
            }
        }
        let model = matches.try_get_one::<PathBuf>("model").ok().flatten().cloned();
        let patterns = match kind.train {
            TrainKind::Songs(_) => PatternArgs::default(),
            TrainKind::Patterns(_) | TrainKind::PatternsOnModel(_) => PatternArgs::from_arg_matches(matches)?,
        };
        Ok(Self { kind, options, model, patterns, shared: SharedArgs::from_arg_matches(matches)? })
    }

    /// The command that trains this model again, without the folders of its files.
    fn command(&self, epochs: usize) -> String {
        let mut command = format!("cargo xtask train {}", self.kind.name);
        for (name, values) in &self.options {
            values.iter().for_each(|value| command += &format!(" --{name} {value}"));
        }
        let PatternArgs { metre, start, derive, fold } = &self.patterns;
        if *metre != Grid::FOUR_FOUR {
            command += &format!(" --metre {}", metre.name());
        }
        let start = start.iter().flat_map(|file| file_names(std::slice::from_ref(file)));
        start.for_each(|file| command += &format!(" --start {file}"));
        command += if *derive { " --derive" } else { "" };
        fold.iter().for_each(|fold| command += &format!(" --fold {fold}"));
        file_names(&self.shared.patterns).iter().for_each(|file| command += &format!(" --patterns {file}"));
        format!("{command} --seed {} --epochs {epochs}", self.shared.seed)
    }
}

fn defaults(kind: &Kind) -> Options {
    let default = |option: &KindOption| Some((option.name, vec![option.default?]));
    kind.options.iter().filter_map(default).collect()
}

// Written by hand instead of derived, since the subcommands come from the registry.
impl Args for Train {
    fn augment_args(command: Command) -> Command {
        let kinds = KINDS.iter().map(subcommand);
        command.subcommand_required(true).arg_required_else_help(true).subcommands(kinds)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Train {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        Self::from_kind(Kind::named(name).ok_or_else(missing)?, matches)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn subcommand(kind: &'static Kind) -> Command {
    // The help says what the kind is, not what its arguments are.
    let mut command = SharedArgs::augment_args(Command::new(kind.name)).about(kind.about).long_about(None);
    for option in kind.options {
        let (least, most) = option.range;
        let default = option.default.map_or(String::new(), |default| format!("; {default} if left out"));
        let arg = Arg::new(option.name)
            .long(option.name)
            .help(format!("{} ({least} to {most}{default})", option.help))
            .value_name("N")
            .value_parser(value_parser!(u64).range(least..=most))
            .action(if option.repeated { ArgAction::Append } else { ArgAction::Set });
        command = command.arg(arg);
    }
    if !matches!(kind.train, TrainKind::Songs(_)) {
        command = PatternArgs::augment_args(command);
    }
    if let TrainKind::PatternsOnModel(_) = kind.train {
        let help = "The trained model that it is built upon";
        let parser = value_parser!(PathBuf);
        command = command.arg(
            Arg::new("model").long("model").value_name("FILE").help(help).value_parser(parser).required(true),
        );
    }
    command
}

/// Trains and writes the model, or leaves a checkpoint where Ctrl-C was pressed.
pub(crate) fn run(args: &Train) -> Result<()> {
    let shared = &args.shared;
    let checkpoint = checkpoint_path(&shared.out);
    let resume = shared.resume.then(|| resume_from(&checkpoint)).transpose()?;
    progress::listen_for_interrupt()?;
    let bar = progress::bar("train", 0);
    let mut watch = |event: Progress<'_>| watch(&bar, &checkpoint, &event);
    let mut run = Run {
        epochs: shared.epochs,
        seed: shared.seed,
        options: args.options.clone(),
        start: args.patterns.start.as_deref().map(Model::read).transpose()?,
        resume,
        watch: &mut watch,
        provenance: Provenance {
            commands: Vec::new(),
            seed: shared.seed,
            corpus: match shared.corpus.as_str() {
                "" => file_names(&shared.patterns).join(" + "),
                name => name.to_owned(),
            },
            corpus_sha256: String::new(),
            licences: shared.licences.clone(),
            quality: serde_json::Value::Null,
        },
        command: &|epochs| args.command(epochs),
    };
    if let Some(start) = &run.start {
        let (own, metre) = (*start.grid(), args.patterns.metre);
        let fits = own == Grid::FOUR_FOUR || own == metre;
        ensure!(
            fits,
            "{} is in the metre {}: --start wants one in 4/4 or {}",
            start.file(),
            own.name(),
            metre.name()
        );
    }
    let trained = train(args, &mut run);
    bar.finish();
    let (bytes, quality) = trained.map_err(|error| match error.downcast_ref::<Interrupted>() {
        Some(interrupted) => anyhow::anyhow!(interruption(interrupted, &checkpoint)),
        None => error,
    })?;
    corpus::rows::write_atomically(&shared.out, |file| file.write_all(&bytes))?;
    if checkpoint.exists() {
        std::fs::remove_file(&checkpoint)
            .with_context(|| format!("{}: can't be removed", checkpoint.display()))?;
    }
    println!("{}: {} bytes, quality {quality}", shared.out.display(), bytes.len());
    Ok(())
}

/// The trained model's file, and its quality.
fn train(args: &Train, run: &mut Run<'_>) -> Result<(Vec<u8>, serde_json::Value)> {
    match &args.kind.train {
        TrainKind::Patterns(train) => {
            let patterns = read_patterns(args)?;
            run.provenance.corpus_sha256.clone_from(&patterns.sha256);
            patterns_file(&train(run, &patterns)?)
        }
        TrainKind::PatternsOnModel(train) => {
            let Some(model) = &args.model else { bail!("name the model to build upon with --model FILE") };
            let (patterns, model) = (read_patterns(args)?, Model::read(model)?);
            let [metre, own] = [patterns.grid, *model.grid()].map(|grid| grid.name());
            ensure!(metre == own, "{} is in the metre {own}: say --metre {own}", model.file());
            patterns_file(&train(run, &patterns, model)?)
        }
        TrainKind::Songs(train) => {
            let songs = Songs::read(&args.shared.patterns)?;
            songs.warnings.iter().for_each(|warning| eprintln!("{warning}"));
            let [training, validation, held_out] =
                [&songs.training, &songs.validation, &songs.held_out].map(Vec::len);
            eprintln!("{training} songs to learn from, {validation} to stop by, {held_out} held out");
            songs.check_enough()?;
            run.provenance.corpus_sha256.clone_from(&songs.sha256);
            let model = train(run, songs)?;
            Ok((model.to_bytes(Precision::Half), model.provenance().quality.clone()))
        }
    }
}

fn read_patterns(args: &Train) -> Result<Patterns> {
    let PatternArgs { metre, derive, fold, .. } = &args.patterns;
    let mut patterns = Patterns::read(&args.shared.patterns, metre)?;
    if *derive {
        patterns.derive(&args.shared.patterns)?;
        eprintln!("{} patterns of 4/4 read in the metre {}", patterns.derived.len(), metre.name());
    }
    if let Some(fold) = fold {
        patterns.held_out = HeldOut::Fold(fold - 1);
    }
    patterns.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    let [training, validation, held_out] =
        [patterns.training(), patterns.validation(), patterns.held_out()].map(|rows| rows.len());
    eprintln!("{training} patterns to learn from, {validation} to stop by, {held_out} held out");
    patterns.check_enough()?;
    Ok(patterns)
}

fn patterns_file(model: &Model) -> Result<(Vec<u8>, serde_json::Value)> {
    Ok((model.to_bytes(Precision::Half), model.provenance().quality.clone()))
}

fn checkpoint_path(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".checkpoint");
    PathBuf::from(name)
}

fn resume_from(checkpoint: &Path) -> Result<Checkpoint> {
    let name = checkpoint.display();
    let bytes = std::fs::read(checkpoint)
        .with_context(|| format!("{name}: can't read the checkpoint"))
        .context("nothing to resume; train without --resume")?;
    Checkpoint::from_bytes(&bytes).with_context(|| format!("{name}"))
}

/// The message after an interrupted run.
fn interruption(interrupted: &Interrupted, checkpoint: &Path) -> String {
    let Interrupted { done, epochs } = interrupted;
    if *done == 0 {
        return "interrupted in the first epoch; nothing is kept yet, so start it again".to_owned();
    }
    format!(
        "interrupted; {done} of {epochs} epochs are kept in {}, and --resume continues from there",
        checkpoint.display()
    )
}

/// Shows progress, writes a checkpoint after every epoch, and stops after Ctrl-C.
fn watch(bar: &indicatif::ProgressBar, checkpoint: &Path, event: &Progress<'_>) -> Result<ControlFlow<()>> {
    match event {
        Progress::Step { done, of, loss } => {
            bar.set_length(*of as u64);
            bar.set_position(*done as u64);
            bar.set_message(format!("loss {loss:.2}"));
        }
        Progress::Epoch(state) => {
            let bytes = state.to_bytes()?;
            corpus::rows::write_atomically(checkpoint, |file| file.write_all(&bytes))?;
            if let Some(epoch) = state.epochs.last() {
                let number = state.epochs.len();
                let line = format!(
                    "epoch {number}: loss {:.3}, validation {:.3}",
                    epoch.training_loss, epoch.validation_loss
                );
                // Without a terminal the bar is hidden; a log file still gets the line.
                if bar.is_hidden() { eprintln!("{line}") } else { bar.println(line) }
            }
        }
    }
    Ok(if progress::is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

#[cfg(test)]
mod tests;

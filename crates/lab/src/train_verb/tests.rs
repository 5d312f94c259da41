//! Training on a few dozen synthetic patterns: runs are repeatable and can be resumed.

use beat::Pattern;
use corpus::grid::Metre;
use corpus::rows::Row;
use nets::Latent;
use train::rng::{Purpose, TrainingRng};

use super::*;

/// Four-on-the-floor and backbeat patterns with hats at random, a song each.
fn composed(count: usize) -> Vec<Row> {
    let mut rng = TrainingRng::new(1, Purpose::Control, 0);
    (0..count)
        .map(|k| {
            let mut pattern = Pattern::EMPTY;
            for step in 0..Grid::FOUR_FOUR.steps() {
                if step % 8 == 0 || (k % 2 == 0 && step % 4 == 0) {
                    pattern = pattern.with(step, 0);
                }
                if step % 8 == 4 {
                    pattern = pattern.with(step, 1);
                }
                if rng.unit() < 0.4 {
                    pattern = pattern.with(step, 4);
                }
            }
            Row {
                pattern,
                genre: if k % 2 == 0 { "house" } else { "rock" }.to_owned(),
                song: format!("song {k}"),
                metre: Metre::FOUR_FOUR,
            }
        })
        .collect()
}

/// The arguments of a run on composed patterns that lie in `folder`.
fn args(folder: &Path, kind: &str, out: &str, seed: u64) -> Result<Train> {
    let patterns = folder.join("patterns.tsv");
    corpus::rows::write_patterns(&patterns, &composed(160))?;
    let kind = Kind::named(kind).context("a kind of the registry")?;
    let mut args = Train::of(kind, &[patterns], folder.join(out), seed);
    args.model = Some(folder.join("ae.safetensors"));
    args.shared.epochs = Some(3);
    args.shared.corpus = "composed".to_owned();
    Ok(args)
}

#[test]
fn a_seed_gives_the_same_file_twice_and_another_seed_another() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for kind in ["ae", "vae", "residual-acai"] {
        let trained = |seed| -> Result<Vec<u8>> {
            let args = args(folder.path(), kind, "out.safetensors", seed)?;
            run(&args)?;
            assert!(!checkpoint_path(&args.shared.out).exists(), "a finished run leaves no checkpoint");
            Ok(std::fs::read(&args.shared.out)?)
        };
        assert_eq!(trained(1)?, trained(1)?, "{kind}");
        assert_ne!(trained(1)?, trained(2)?, "{kind}");
    }
    Ok(())
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let whole = args(folder.path(), "residual-acai", "whole.safetensors", 1)?;
    run(&whole)?;
    let mut resumed = args(folder.path(), "residual-acai", "resumed.safetensors", 1)?;
    let checkpoint = checkpoint_path(&resumed.shared.out);
    // The checkpoint of a run that is stopped by Ctrl-C after an epoch.
    interrupted_after_an_epoch(&resumed)?;
    let saved = std::fs::read(&checkpoint)?;
    resumed.shared.resume = true;
    run(&resumed)?;
    assert_eq!(std::fs::read(&whole.shared.out)?, std::fs::read(&resumed.shared.out)?);

    for (kind, seed) in [("residual-acai", 2), ("acai", 1)] {
        std::fs::write(&checkpoint, &saved)?;
        let mut other = args(folder.path(), kind, "resumed.safetensors", seed)?;
        other.shared.resume = true;
        assert!(run(&other).is_err(), "another seed or kind is another run: {kind} {seed}");
    }
    std::fs::write(&checkpoint, b"no checkpoint at all")?;
    assert!(run(&resumed).is_err());
    Ok(())
}

/// Trains for one epoch and keeps its checkpoint.
fn interrupted_after_an_epoch(args: &Train) -> Result<()> {
    let checkpoint = checkpoint_path(&args.shared.out);
    let mut watch = |event: Progress<'_>| {
        let Progress::Epoch(state) = event else { return Ok(ControlFlow::Continue(())) };
        std::fs::write(&checkpoint, state.to_bytes()?)?;
        Ok(ControlFlow::Break(()))
    };
    let mut run = Run {
        epochs: args.shared.epochs,
        seed: args.shared.seed,
        options: args.options.clone(),
        start: None,
        resume: None,
        watch: &mut watch,
        provenance: Provenance::default(),
        command: &|_| String::new(),
    };
    let stopped = train(args, &mut run);
    assert!(stopped.is_err_and(|error| {
        error.downcast_ref::<Interrupted>().is_some_and(|interrupted| interrupted.done == 1)
    }));
    Ok(())
}

#[test]
fn a_head_is_added_to_a_model_whose_weights_stay() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(&args(folder.path(), "ae", "ae.safetensors", 1)?)?;
    let head = args(folder.path(), "history-head", "head.safetensors", 1)?;
    run(&head)?;
    let before = Model::read(&folder.path().join("ae.safetensors"))?;
    let after = Model::read(&head.shared.out)?;
    assert!(before.history_head().is_none() && after.history_head().is_some());
    assert_eq!(before.codes(), after.codes());
    for (name, array) in before.parts().weights.iter() {
        assert_eq!(after.parts().weights.get(name), Some(array), "{name}");
    }
    assert_eq!(after.provenance().commands.len(), 2);
    Ok(())
}

#[test]
fn an_interruption_before_the_first_epoch_promises_no_checkpoint() {
    let place = Path::new("x.checkpoint");
    let sentence = |done| interruption(&Interrupted { done, epochs: 3 }, place);
    assert!(!sentence(0).contains("--resume"));
    assert!(sentence(1).contains("1 of 3 epochs are kept in x.checkpoint"));
}

#[test]
fn each_kind_has_its_own_flags_and_no_others() {
    let parse = |words: &[&str]| {
        let command = Train::augment_args(Command::new("train"));
        let all = ["train"].iter().chain(words).chain(&["--patterns", "p.tsv", "--out", "o"]).copied();
        command.try_get_matches_from(all).and_then(|matches| Train::from_arg_matches(&matches))
    };
    let drums = parse(&["drumsrnn", "--attention-window", "32"]).expect("its own flag");
    assert_eq!(
        drums.command(3),
        "cargo xtask train drumsrnn --attention-window 32 --patterns p.tsv --seed 1 --epochs 3"
    );
    let lagged = parse(&["lstm", "--lag", "16", "--lag", "32"]).expect("a repeated flag");
    assert_eq!(lagged.options["lag"], [16, 32]);
    assert!(parse(&["ae", "--lag", "16"]).is_err() && parse(&["flat", "--bars", "0"]).is_err());
    assert!(parse(&["history-head"]).is_err(), "it needs a model");
    assert!(parse(&[]).is_err());
}

#[test]
fn too_few_songs_are_refused_with_a_sentence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let args = args(folder.path(), "ae", "ae.safetensors", 1)?;
    corpus::rows::write_patterns(&args.shared.patterns[0], &composed(1))?;
    let error = run(&args).map_err(|error| error.to_string());
    assert!(error.is_err_and(|error| error.contains("too few songs")));
    Ok(())
}

/// The published data of arXiv 2007.06284 has a code, four latents and two map coordinates a line, and
/// the bits are of another kit than ours.
#[test]
fn a_model_of_the_papers_own_file_plays_on_the_papers_kit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let published = folder.path().join("dataset.tsv");
    let line = |row: &Row| {
        let code: Vec<String> = row.pattern.steps().iter().map(u16::to_string).collect();
        format!("{}\t0.5,-1.25,3.0,0.0\t12.5,-40.25\n", code.join(","))
    };
    std::fs::write(&published, composed(160).iter().map(line).collect::<String>())?;
    let mut args = args(folder.path(), "ae", "paper.safetensors", 1)?;
    args.shared.patterns = vec![published];
    run(&args)?;
    let mut parts = Model::read(&args.shared.out)?.into_parts();
    assert_eq!(parts.kit.names[2], "closed hat");
    let corners: Vec<Latent> = parts.codes.codes[..4].to_vec();
    parts.map = Some(nets::LatentMap::new(2, corners, Vec::new(), Vec::new(), Vec::new())?);
    // As the plugin does it: from the bytes of a file to a bank.
    let bytes = Model::new("paper", parts)?.to_bytes(Precision::Half);
    let decoder = nets::BankDecoder::new(&Model::from_bytes("paper", &bytes)?)?;
    let bank = decoder.decode(&beat::Settings::DEFAULT, 1);
    assert_eq!(*bank.kit(), beat::Kit::PAPER);
    Ok(())
}

#[test]
fn samples_of_a_model_can_be_trained_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut args = args(folder.path(), "ae", "first.safetensors", 1)?;
    run(&args)?;
    let samples = folder.path().join("samples.tsv");
    crate::sample::to_file(&Model::read(&args.shared.out)?, &samples, 300)?;
    (args.shared.patterns, args.shared.out) = (vec![samples], folder.path().join("second.safetensors"));
    run(&args)?;
    assert!(Model::read(&args.shared.out)?.codes().codes.len() > 200);
    Ok(())
}

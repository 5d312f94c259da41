//! Training on a few dozen composed patterns: what a person relies on is that a run is repeatable.

use std::ops::ControlFlow;

use super::*;
use crate::chance::{Dice, Purpose};
use crate::training::{Moment, interruption, train};

/// Four-on-the-floor and backbeat patterns with hats at random, a song each.
fn composed(count: usize) -> Vec<Row> {
    let mut dice = Dice::new(1, Purpose::Control, 0);
    (0..count)
        .map(|k| {
            let mut pattern = Pattern::EMPTY;
            for step in 0..beat::STEPS {
                if step % 8 == 0 || (k % 2 == 0 && step % 4 == 0) {
                    pattern = pattern.with(step, 0);
                }
                if step % 8 == 4 {
                    pattern = pattern.with(step, 1);
                }
                if dice.unit() < 0.4 {
                    pattern = pattern.with(step, 4);
                }
            }
            Row {
                pattern,
                genre: if k % 2 == 0 { "house" } else { "rock" }.to_owned(),
                song: format!("song {k}"),
            }
        })
        .collect()
}

/// The arguments of a run on composed patterns that lie in `folder`.
fn asked(folder: &Path, kind: Kind, out: &str, seed: u64) -> Result<Train> {
    let patterns = folder.join("patterns.tsv");
    corpus::rows::write_patterns(&patterns, &composed(160))?;
    Ok(Train {
        kind,
        model: Some(folder.join("ae.safetensors")),
        patterns: vec![patterns],
        out: folder.join(out),
        seed,
        epochs: Some(3),
        lags: Vec::new(),
        reach: 64,
        resume: false,
        bars: None,
        latent: None,
        corpus: "composed".to_owned(),
        licences: Vec::new(),
    })
}

#[test]
fn a_seed_gives_the_same_file_twice_and_another_seed_another() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for kind in [Kind::Ae, Kind::Vae, Kind::ResidualAcai] {
        let trained = |seed| -> Result<Vec<u8>> {
            let args = asked(folder.path(), kind, "out.safetensors", seed)?;
            run(&args)?;
            assert!(!checkpoint_path(&args.out).exists(), "a finished run leaves no checkpoint");
            Ok(std::fs::read(&args.out)?)
        };
        assert_eq!(trained(1)?, trained(1)?, "{kind:?}");
        assert_ne!(trained(1)?, trained(2)?, "{kind:?}");
    }
    Ok(())
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() -> Result<()> {
    let patterns = Patterns { rows: composed(160), kit: beat::Kit::DEFAULT, sha256: String::new() };
    let Some((architecture, loss)) = Kind::ResidualAcai.autoencoder() else { bail!("an autoencoder") };
    let (training, validation) = (of(&patterns.training()), of(&patterns.validation()));
    let objective = Autoencoding { architecture, loss, training, validation };
    let recipe = Kind::ResidualAcai.recipe("corpus 1", Some(3), 1);
    let whole = train(&objective, &recipe, None, |_| Ok(ControlFlow::Continue(())))?;

    let folder = tempfile::tempdir()?;
    let place = folder.path().join("run.checkpoint");
    let stopped = train(&objective, &recipe, None, |moment| {
        let Moment::Epoch(checkpoint) = moment else { return Ok(ControlFlow::Continue(())) };
        checkpoint.save(&place)?;
        Ok(ControlFlow::Break(()))
    })?;
    assert!(stopped.interrupted && stopped.epochs.len() == 1);
    let resumed = with_checkpoints(&objective, &recipe, &place, true)?;
    assert_eq!(resumed.epochs, whole.epochs);
    assert_eq!(resumed.best, whole.best);

    let mut others = vec![Kind::ResidualAcai.recipe("corpus 1", Some(3), 2)];
    others.push(Kind::ResidualAcai.recipe("corpus 2", Some(3), 1));
    others.push(Recipe { subject: Kind::Acai.recipe("corpus 1", None, 1).subject, ..recipe.clone() });
    for other in others {
        let resumed = with_checkpoints(&objective, &other, &place, true);
        assert!(resumed.is_err(), "another seed, corpus or kind is another run: {other:?}");
    }
    std::fs::write(&place, b"no checkpoint at all")?;
    assert!(with_checkpoints(&objective, &recipe, &place, true).is_err());
    Ok(())
}

#[test]
fn a_head_is_added_to_a_model_that_stays_as_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(&asked(folder.path(), Kind::Ae, "ae.safetensors", 1)?)?;
    let head = asked(folder.path(), Kind::HistoryHead, "head.safetensors", 1)?;
    run(&head)?;
    let before = Model::read(&folder.path().join("ae.safetensors"))?;
    let after = Model::read(&head.out)?;
    assert!(before.history_head().is_none() && after.history_head().is_some());
    assert_eq!(before.codes(), after.codes());
    for (name, array) in before.parts().weights.iter() {
        assert_eq!(after.parts().weights.get(name), Some(array), "{name}");
    }
    assert_eq!(after.provenance().commands.len(), 2);
    Ok(())
}

#[test]
fn what_was_measured_is_noted_beside_anything() {
    for before in [json!(null), json!("good"), json!([1]), json!({ "head": 1 })] {
        let mut measured = before;
        note(&mut measured, "head", json!(2));
        assert_eq!(measured, json!({ "head": 2 }));
    }
}

#[test]
fn an_interruption_before_the_first_epoch_promises_no_checkpoint() {
    let place = Path::new("x.checkpoint");
    assert!(!interruption(0, 3, place).contains("--resume"));
    assert!(interruption(1, 3, place).contains("1 of 3 epochs are kept in x.checkpoint"));
}

#[test]
fn too_few_songs_are_refused_with_a_sentence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let args = asked(folder.path(), Kind::Ae, "ae.safetensors", 1)?;
    corpus::rows::write_patterns(&args.patterns[0], &composed(1))?;
    let said = run(&args).map_err(|error| error.to_string());
    assert!(said.is_err_and(|said| said.contains("too few songs")));
    Ok(())
}

/// The published data of arXiv 2007.06284 has a code, four latents and two map coordinates a line, and
/// bits that stand for another kit than ours.
#[test]
fn a_model_of_the_papers_own_file_plays_on_the_papers_kit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let published = folder.path().join("dataset.tsv");
    let line = |row: &Row| {
        let code: Vec<String> = row.pattern.steps().iter().map(u16::to_string).collect();
        format!("{}\t0.5,-1.25,3.0,0.0\t12.5,-40.25\n", code.join(","))
    };
    std::fs::write(&published, composed(160).iter().map(line).collect::<String>())?;
    let mut args = asked(folder.path(), Kind::Ae, "paper.safetensors", 1)?;
    args.patterns = vec![published];
    run(&args)?;
    let mut parts = Model::read(&args.out)?.into_parts();
    assert_eq!(parts.kit.names[2], "closed hat");
    let corners: Vec<Latent> = parts.codes.codes[..4].to_vec();
    parts.map = Some(nets::LatentMap::new(2, corners, Vec::new(), Vec::new(), Vec::new())?);
    // As the instrument does it: from the bytes of a file to a bank.
    let bytes = Model::new("paper", parts)?.to_bytes(Precision::Half);
    let decoder = nets::BankDecoder::new(&Model::from_bytes("paper", &bytes)?)?;
    let bank = decoder.decode(&beat::Settings::DEFAULT, 1);
    assert_eq!(*bank.kit(), beat::Kit::PAPER);
    Ok(())
}

#[test]
fn samples_of_a_model_can_be_learnt_from_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut args = asked(folder.path(), Kind::Ae, "first.safetensors", 1)?;
    run(&args)?;
    let samples = folder.path().join("samples.tsv");
    crate::sample::to_file(&Model::read(&args.out)?, &samples, 300)?;
    (args.patterns, args.out) = (vec![samples], folder.path().join("second.safetensors"));
    run(&args)?;
    assert!(Model::read(&args.out)?.codes().codes.len() > 200);
    Ok(())
}

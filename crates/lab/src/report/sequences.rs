//! The measured sections of the page of sequences. HTML comments mark them, so that the text around them stays when
//! they are written anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nets::SequenceModel;
use train::kinds::Kind;
use train::metrics::phrases::critics::CriticChoice;
use train::patterns::file_names;
use train::training::Epoch;

use super::{ReportArgs, drawing};
use crate::phrase_evaluation::{PaqueCriteria, PhraseEvaluation};
use crate::phrase_table;

/// The temperatures of the table.
const TEMPERATURES: [f32; 5] = [0.5, 0.75, 1.0, 1.25, 1.5];

/// A sequence model with the name of its file.
struct SequenceEntry {
    name: String,
    file: PathBuf,
    model: SequenceModel,
}

/// Measures the sequence models in the folder and writes the sections of `sequences.md`.
pub(super) fn write(args: &ReportArgs) -> Result<()> {
    let entries = entries(&args.song_models)?;
    let place = args.out.join("sequences.md");
    let page = match std::fs::read_to_string(&place) {
        Ok(page) => page,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "# Sequences\n".to_owned(),
        Err(error) => return Err(error).with_context(|| format!("{}: can't be read", place.display())),
    };
    let page = with_section(&page, "learning", &learning(args, &entries)?);
    let page = with_section(&page, "phrases", &phrases(args, &entries)?);
    corpus::rows::write_atomically(&place, |file| file.write_all(page.as_bytes()))?;
    println!("{}: {} sequence models", place.display(), entries.len());
    Ok(())
}

/// The sequence models in a folder, by the names of their files. Other files are left alone.
fn entries(folder: &Path) -> Result<Vec<SequenceEntry>> {
    let unread = || format!("{}: can't be read; name the folder with --song-models", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unread)? {
        files.push(entry.with_context(unread)?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "safetensors"));
    files.sort();
    let mut entries = Vec::new();
    for file in files {
        if let Some(model) = SequenceModel::recognise(&file)? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            entries.push(SequenceEntry { name, file, model });
        }
    }
    Ok(entries)
}

/// How each model was trained, and the learning curves of next-step models.
fn learning(args: &ReportArgs, entries: &[SequenceEntry]) -> Result<String> {
    let mut text =
        String::from("## Learning\n\n| model | kind | epochs | best validation loss | command |\n");
    text.push_str("|---|---|---|---|---|\n");
    let mut curves: Vec<(&str, Vec<Epoch>)> = Vec::new();
    for SequenceEntry { name, model, .. } in entries {
        let provenance = model.provenance();
        let curve = provenance.quality["training"]["curve"].clone();
        // Files of the first versions have no learning curve.
        let curve: Vec<Epoch> = serde_json::from_value(curve).unwrap_or_default();
        let best = curve.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
        let best = if best.is_finite() { format!("{best:.4}") } else { String::new() };
        let (kind, commands) = (Kind::of(model)?.1, provenance.commands.join("; "));
        writeln!(text, "| {name} | {} | {} | {best} | `{commands}` |", kind.title, curve.len())?;
        if kind.predicts_steps && !curve.is_empty() {
            curves.push((name, curve.iter().map(perplexities).collect()));
        }
    }
    if !curves.is_empty() {
        let curves: Vec<(&str, &[Epoch])> = curves.iter().map(|(name, c)| (*name, c.as_slice())).collect();
        let caption = "Perplexity of a step: training thin, validation songs thick";
        drawing::curves(&args.out.join("perplexity"), caption, &curves)?;
        text.push_str(
            "\nOf the models that predict the next step, the loss is in nats a step; its exponential is\n",
        );
        text.push_str("the perplexity, here against the training epochs.\n\n![Perplexity against training epochs](perplexity.png)\n");
    }
    Ok(text)
}

/// The same numbers as perplexities.
fn perplexities(epoch: &Epoch) -> Epoch {
    Epoch { training_loss: epoch.training_loss.exp(), validation_loss: epoch.validation_loss.exp() }
}

/// The table over models and temperatures.
fn phrases(args: &ReportArgs, entries: &[SequenceEntry]) -> Result<String> {
    let mut evaluation = PhraseEvaluation::new(&args.songs, args.phrases, args.seed)?;
    evaluation.add_loops();
    let mut generating = Vec::new();
    for entry in entries {
        if (Kind::of(&entry.model)?.1.generates_phrases)(&entry.model) {
            generating.push(entry);
        }
    }
    for entry in &generating {
        for temperature in TEMPERATURES {
            evaluation.add_model(&entry.file, temperature)?;
        }
    }
    let table = phrase_table::text(&evaluation.measured(CriticChoice::All, PaqueCriteria::All)?);
    let files: String = file_names(&args.songs).iter().map(|file| format!(" --real {file}")).collect();
    let models: String =
        generating.iter().map(|entry| format!(" --model {}.safetensors", entry.name)).collect();
    let temperatures: String = TEMPERATURES.iter().map(|t| format!(" --temperature {t}")).collect();
    let (count, seed) = (args.phrases, args.seed);
    Ok(format!(
        "## Phrases against real songs\n\n```\ncargo xtask phrases{files} --loops{models}{temperatures} --paque \
         --count {count} --seed {seed}\n```\n\n{table}"
    ))
}

/// The page with the section of that name replaced, or appended where there is none.
fn with_section(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- report: {name} -->"), format!("<!-- end of report: {name} -->"));
    let section = format!("{begin}\n{}\n{end}", text.trim_end());
    match (page.find(&begin), page.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{section}{}", &page[..from], &page[to + end.len()..])
        }
        _ => format!("{}\n\n{section}\n", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_text_around_it_stays() {
        let first = with_section("# Sequences\n\nBy hand.\n", "phrases", "old");
        let more = format!("{first}\n## By another hand\n");
        let second = with_section(&more, "phrases", "new\n");
        assert!(second.starts_with("# Sequences\n\nBy hand.\n") && second.ends_with("## By another hand\n"));
        assert!(second.contains("\nnew\n") && !second.contains("old"));
        assert_eq!(with_section(&second, "phrases", "new"), second);
    }
}

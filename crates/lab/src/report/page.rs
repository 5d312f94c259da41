//! The report's page: our table beside the paper's, the figures, and how our experiment differs.

use std::fmt::Write as _;

use anyhow::Result;
use train::metrics::evaluation_set::EvaluationSet;
use train::metrics::figures::{Figures, figures};
use train::metrics::neighbours::{purity, purity_of};
use train::patterns::{Patterns, file_names};

use super::plane::Plane;
use super::{PaperModel, ReportArgs};

/// Pass rates of the paper's Table 2, and what its authors' published samples give by entropy alone
/// and with novelty; percent.
const PAPER: [(&str, &str, &str); 4] = [
    ("AE", "28", "33.1 / 28.0"),
    ("VAE", "17", "21.2 / 16.7"),
    ("ACAI", "56", "58.4 / 55.8"),
    ("real", "82", ""),
];

/// Everything that the page contains.
pub(super) struct Page<'a> {
    pub(super) args: &'a ReportArgs,
    pub(super) patterns: &'a Patterns,
    pub(super) evaluation_set: &'a EvaluationSet,
    pub(super) entries: &'a [PaperModel],
}

impl Page<'_> {
    /// The page as Markdown. `planes` are those of VAE and ACAI.
    pub(super) fn text(&self, planes: [&Plane; 2], genre: u8) -> Result<String> {
        let mut text = String::from(INTRODUCTION);
        self.command(&mut text)?;
        self.table(&mut text)?;
        self.differences(&mut text)?;
        self.figures(&mut text, planes, genre)?;
        Ok(text)
    }

    fn command(&self, text: &mut String) -> Result<()> {
        let ReportArgs { patterns, genre, count, seed, .. } = self.args;
        let files: String = file_names(patterns).iter().map(|file| format!(" --patterns {file}")).collect();
        writeln!(
            text,
            "```\ncargo xtask report{files} --genre {genre} --count {count} --seed {seed}\n```\n"
        )?;
        writeln!(text, "It trained, or loaded, by these commands:\n\n```")?;
        for entry in self.entries {
            writeln!(text, "{}", entry.model.provenance().commands.join("\n"))?;
        }
        writeln!(text, "```\n\nThe sha256 of all patterns together is `{}`.\n", self.patterns.sha256)?;
        Ok(())
    }

    fn table(&self, text: &mut String) -> Result<()> {
        let count = self.args.count;
        writeln!(text, "## Table 2\n")?;
        writeln!(
            text,
            "Pass is entropy above 0.9 nats / and no circular shift of a known pattern, in percent of {count} \
             patterns whose latents were drawn from a normal with the mean and deviation of the training \
             codes, decoded at one half. The paper's second column is what its authors' published samples \
             give by our filter. F1 and Hamming distance are of held-out songs.\n"
        )?;
        writeln!(
            text,
            "| | paper, pass | paper's samples | pass here | empty | distinct | hits | realism AUC | F1 | Hamming |"
        )?;
        writeln!(text, "|---|---|---|---|---|---|---|---|---|---|")?;
        for (entry, (name, table, samples)) in self.entries.iter().zip(PAPER) {
            let Figures { pass, pass_and_novel, empty, distinct, hits, .. } = entry.drawn;
            let (auc, way) = (entry.realism_auc, entry.rebuilt.at_one_half);
            writeln!(
                text,
                "| {name} | {table} | {samples} | {pass:.1} / {pass_and_novel:.1} | {empty:.2} | {distinct:.1} | \
                 {hits:.1} | {auc:.3} | {:.3} | {:.1} |",
                way.f1, way.hamming
            )?;
        }
        let real =
            figures(&self.evaluation_set.held_out(), self.evaluation_set.training(), &beat::Grid::FOUR_FOUR);
        let (name, table, _) = PAPER[3];
        writeln!(
            text,
            "| {name} | {table} | | {:.1} / {:.1} | {:.2} | {:.1} | {:.1} | {:.3} | | |\n",
            real.pass,
            real.pass_and_novel,
            real.empty,
            real.distinct,
            real.hits,
            self.evaluation_set.control()?
        )?;
        writeln!(text, "{}\n", self.verdict())?;
        Ok(())
    }

    /// Whether the paper's order holds, in a sentence.
    fn verdict(&self) -> String {
        let [ae, vae, acai] = [0, 1, 2].map(|k| self.entries[k].drawn.pass_and_novel);
        if acai > ae && ae > vae {
            "The paper's order holds: ACAI before AE before VAE.".to_owned()
        } else {
            format!("The paper's order does not hold here: ACAI {acai:.1}, AE {ae:.1}, VAE {vae:.1}.")
        }
    }

    fn differences(&self, text: &mut String) -> Result<()> {
        let parts = [self.patterns.training(), self.patterns.validation(), self.patterns.held_out()];
        let [training, validation, held_out] = parts.map(|rows| rows.len());
        writeln!(text, "## What is different\n")?;
        writeln!(
            text,
            "- The paper learnt from its authors' 33 K patterns. Here are {} patterns of the files above, \
             {training} to learn from, {validation} of other songs to stop by, {held_out} of yet other songs \
             held out.",
            self.patterns.rows.len()
        )?;
        text.push_str(DIFFERENCES);
        Ok(())
    }

    fn figures(&self, text: &mut String, planes: [&Plane; 2], genre: u8) -> Result<()> {
        let name = &planes[0].genres[usize::from(genre)];
        let [vae, acai] = planes.map(|plane| purity_of(&plane.points, &plane.labels, genre));
        let [all_vae, all_acai] = planes.map(|plane| purity(&plane.points, &plane.labels));
        let shown = planes[0].points.len();
        writeln!(text, "\n## Figure 3\n\n![The codes of the VAE with their genres](figure-3.png)\n")?;
        writeln!(
            text,
            "{shown} training patterns of known genre by their codes in the VAE. The paper names a genre at the \
             mean of its patterns; here at its densest place relative to all, since the mean of a genre often \
             lies in another's country.\n"
        )?;
        writeln!(text, "## Figure 4\n\n![{name} on both maps](figure-4.png)\n")?;
        writeln!(
            text,
            "The {} patterns of {name} among them. Of the ten nearest of such a pattern, {vae:.2} times as many \
             as by chance are {name} too on the map of the VAE, {acai:.2} times on that of ACAI; over all \
             genres {all_vae:.2} and {all_acai:.2}. {}\n",
            planes[0].count(genre),
            if vae > acai * 1.05 {
                "As in the paper, the VAE keeps the genre closer together."
            } else if acai > vae * 1.05 {
                "The paper found the VAE's map to be the denser one; here it is ACAI's."
            } else {
                "The paper found the VAE's map to be the denser one; here the two hardly differ."
            }
        )?;
        writeln!(text, "## Learning\n\n![The losses epoch by epoch](learning.png)\n")?;
        text.push_str("The VAE's loss contains its divergence, so only the shapes compare.\n");
        Ok(())
    }
}

const INTRODUCTION: &str = "\
# The paper, again

Table 2 and Figures 3 and 4 of Tikhonov & Yamshchikov, *Drum Beats and Where To Find Them* (arXiv
2007.06284), from models that this repository trains. This page, its figures (each also as SVG) and its
numbers are written by

";

const DIFFERENCES: &str = "\
- Theirs are not aligned to the bar; ours are, and each recurs at least three times in its song. So more of
  our random points are beats, whatever the model.
- Their split is not told. Ours is by song; the critic's folds are, too.
- Their learning rate, batch and epochs are not told. Ours: Adam, one cycle up to 3e-3, batches of 256, at
  most 25 epochs, the best one by the validation songs. The ACAI's lambda is .5 on the mean over cells, its
  gamma .2; the VAE's beta is 1 after a rise over the first 30 % of the run.
- Realism AUC is ours: how well a small critic tells the samples from held-out songs (0.5: not at all). The
  row *real* compares held-out songs with others.
";

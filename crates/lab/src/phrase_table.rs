//! The table of all figures: one column a set of phrases, real songs first.

use serde::Serialize;
use train::metrics::phrases::critics::{CriticScore, CriticScores};
use train::metrics::phrases::form::{FormStatistics, Turns};
use train::metrics::phrases::genre::GenreAccuracy;
use train::metrics::phrases::originality::Originality;
use train::metrics::phrases::statistics::{FILLS_ENOUGH, PhraseStatistics, REPEATS};

/// Everything that was measured on one set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MeasuredSet {
    /// Its name in the table.
    pub(crate) name: String,
    pub(crate) statistics: PhraseStatistics,
    /// Where changes begin and end.
    pub(crate) turns: Turns,
    /// Distance to the training songs, where measured.
    pub(crate) originality: Option<Originality>,
    /// Accuracy of the genre classifier, where measured.
    pub(crate) genres: Option<GenreAccuracy>,
    /// Form of its long pieces, if it has any.
    pub(crate) form: Option<FormStatistics>,
    /// AUC of the critics against real phrases; for the set of real songs that of other real songs, the control.
    pub(crate) critics: CriticScores,
}

/// The sets that were measured, real songs first.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct PhraseTable {
    pub(crate) sets: Vec<MeasuredSet>,
}

/// A line of the table: its label, and a cell for each set.
type TableLine = (String, Vec<String>);

/// The table as Markdown, padded so that it reads well in a terminal too.
pub(crate) fn text(table: &PhraseTable) -> String {
    let mut lines: Vec<TableLine> =
        vec![("".to_owned(), table.sets.iter().map(|set| set.name.clone()).collect())];
    lines.extend(phrase_lines(&table.sets));
    lines.push(line("changes turn at four bars, other bars, elsewhere", &table.sets, |set| {
        let Turns { four_bars, bar, elsewhere } = set.turns;
        [four_bars, bar, elsewhere].map(share).join(" ")
    }));
    lines.push(line("  at four bars and other bars over elsewhere", &table.sets, |set| {
        set.turns.over_elsewhere().map(|times| format!("{times:.2}")).join(" ")
    }));
    lines.extend(training_lines(&table.sets));
    lines.extend(critic_lines(&table.sets));
    if table.sets.iter().any(|set| set.form.is_some()) {
        lines.extend(form_lines(&table.sets));
    }
    let first = lines.iter().map(|line| line.0.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..table.sets.len())
        .map(|set| lines.iter().map(|line| line.1[set].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (number, (label, cells)) in lines.iter().enumerate() {
        text += &format!("| {label:<first$} |");
        cells.iter().zip(&widths).for_each(|(cell, width)| text += &format!(" {cell:>width$} |"));
        text.push('\n');
        if number == 0 {
            text += &format!("|{}|", "-".repeat(first + 2));
            widths.iter().for_each(|width| text += &format!("{}:|", "-".repeat(width + 1)));
            text.push('\n');
        }
    }
    text
}

fn line(label: &str, sets: &[MeasuredSet], cell: impl Fn(&MeasuredSet) -> String) -> TableLine {
    (label.to_owned(), sets.iter().map(cell).collect())
}

/// A share without its leading zero.
fn share(value: f64) -> String {
    let text = format!("{value:.3}");
    text.strip_prefix('0').map_or(text.clone(), str::to_owned)
}

fn shares(values: [f64; 4]) -> String {
    values.map(share).join(" ")
}

fn phrase_lines(sets: &[MeasuredSet]) -> Vec<TableLine> {
    let of =
        |label: &str, cell: fn(&PhraseStatistics) -> String| line(label, sets, |set| cell(&set.statistics));
    vec![
        of("phrases", |s| s.count.to_string()),
        of("hits a bar", |s| format!("{:.1}", s.hits)),
        of("bars that differ clearly, bar 0/1/2/3 of four", |s| shares(s.changed)),
        of("fills, bar 0/1/2/3 of four", |s| shares(s.fills)),
        of("fills at the ends of four bars over elsewhere", |s| {
            let enough = if s.fills[3] < FILLS_ENOUGH { " (too few)" } else { "" };
            format!("{:.2}{enough}", s.fill_lift)
        }),
        of("crash on one, bar 0/1/2/3 of four", |s| shares(s.crashes)),
        of("crash after a fill", |s| share(s.crash_after_fill)),
        of("crash otherwise", |s| share(s.crash_otherwise)),
        of("distinct bars of sixteen", |s| format!("{:.1}", s.distinct_bars)),
        line(&format!("exact repeat after {REPEATS:?} bars"), sets, |set| shares(set.statistics.repeats)),
        of("phrases that stand in a training song", |s| share(s.known)),
    ]
}

/// The lines about training songs, where measured.
fn training_lines(sets: &[MeasuredSet]) -> Vec<TableLine> {
    if sets.iter().all(|set| set.originality.is_none()) {
        return Vec::new();
    }
    let of = |label: &str, cell: fn(&Originality) -> f64| {
        line(label, sets, |set| set.originality.as_ref().map(cell).map_or(String::new(), share))
    };
    vec![
        of("distance to the nearest training phrase", |o| o.distance),
        of("  at most one hit a bar away", |o| o.close),
        line("genre group told right (guessing)", sets, |set| {
            let genres = set.genres.filter(|genres| genres.count > 0);
            genres.map_or(String::new(), |genres| {
                format!("{} ({})", share(genres.accuracy), share(genres.guessing))
            })
        }),
    ]
}

fn critic_lines(sets: &[MeasuredSet]) -> Vec<TableLine> {
    type ScoreOf = fn(&CriticScores) -> Option<CriticScore>;
    let critics: [(&str, ScoreOf); 2] =
        [("AUC, GRU", |of| of.gru), ("AUC, boosting on hand features", |of| of.boosting)];
    let run = critics.into_iter().filter(|(_, of)| sets.iter().any(|set| of(&set.critics).is_some()));
    run.flat_map(|(label, of)| {
        let cell = |format: fn(CriticScore) -> String| {
            move |set: &MeasuredSet| of(&set.critics).map_or(String::new(), format)
        };
        [
            line(label, sets, cell(|score| share(score.auc))),
            line("  seconds", sets, cell(|score| format!("{:.0}", score.seconds))),
        ]
    })
    .collect()
}

fn form_lines(sets: &[MeasuredSet]) -> Vec<TableLine> {
    let of = |label: &str, cell: fn(&FormStatistics) -> String| {
        line(label, sets, |set| set.form.as_ref().map_or(String::new(), cell))
    };
    vec![
        of("pieces of 64 bars", |f| f.count.to_string()),
        of("four bars unlike the four before", |f| share(f.changes)),
        of("of those, like earlier ones", |f| share(f.returns)),
        of("self-similarity", |f| share(f.self_similarity)),
        of("section contrast", |f| share(f.section_contrast)),
        of("swell of density", |f| share(f.swell)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_stands_beside_the_real_one() {
        let form = FormStatistics { returns: 0.336, ..FormStatistics::default() };
        let critics = CriticScores { gru: Some(CriticScore { auc: 0.5, seconds: 1.0 }), boosting: None };
        let statistics = PhraseStatistics::default();
        let set = |name: &str, form| {
            let (turns, originality, genres) = (Turns::default(), None, None);
            MeasuredSet { name: name.to_owned(), statistics, turns, originality, genres, form, critics }
        };
        let text = text(&PhraseTable { sets: vec![set("real", Some(form)), set("loop", None)] });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{text}");
        assert!(lines[0].contains("real") && lines[0].contains("loop") && text.contains(" .336 |"), "{text}");
        assert!(
            text.contains("GRU") && !text.contains("boosting"),
            "a critic that was not run has no line: {text}"
        );
    }
}

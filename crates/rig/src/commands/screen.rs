//! What the demo shows while it plays: the grid of two bars with its playhead in a terminal, a line for
//! each two bars elsewhere.

use beat::{INSTRUMENTS, STEPS, STEPS_PER_BAR, STEPS_PER_BEAT};
use indicatif::{ProgressBar, ProgressStyle};
use rig::demo::{Grid, Moment};
use std::io::IsTerminal;

/// The picture, or the lines.
pub(crate) struct Screen {
    bar: Option<ProgressBar>,
    line: Option<(i64, String)>,
}

impl Screen {
    /// A screen for a song of this many bars.
    pub(crate) fn new(bars: u32) -> Self {
        let bar = std::io::stdout().is_terminal().then(|| {
            let steps = u64::from(bars) * STEPS_PER_BAR as u64;
            let bar = ProgressBar::with_draw_target(Some(steps), indicatif::ProgressDrawTarget::stdout());
            bar.set_style(style());
            bar
        });
        Self { bar, line: None }
    }

    /// Shows what plays now.
    pub(crate) fn show(&mut self, moment: &Moment<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_position((moment.beats * STEPS_PER_BEAT as f64) as u64);
            bar.set_message(picture(moment));
            return;
        }
        let cycle = moment.grid.cycle();
        if let Some((_, line)) = self.line.take_if(|(shown, _)| *shown != cycle) {
            println!("{line}");
        }
        self.line = Some((cycle, line(moment)));
    }

    /// Shows the end.
    pub(crate) fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
        if let Some((_, line)) = self.line.take() {
            println!("{line}");
        }
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{msg}\n{bar:64} {elapsed_precise}");
    // PANIC: never; the template is a constant, and `the_template_is_valid` checks it.
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

fn place(moment: &Moment<'_>) -> String {
    let (x, y) = moment.puck;
    format!("{:<12} x {x:.2} y {y:.2}  temperature {:.2}", moment.region, moment.temperature)
}

/// The grid as it stands in a terminal.
fn picture(moment: &Moment<'_>) -> String {
    let mut lines = Vec::with_capacity(INSTRUMENTS + 3);
    for instrument in 0..INSTRUMENTS {
        let (name, cells) = moment.grid.row(instrument);
        lines.push(format!("{name:<12} {}", with_beats(&cells)));
    }
    let playhead: String =
        (0..STEPS).map(|step| if step == moment.grid.playhead() { '^' } else { ' ' }).collect();
    lines.push(format!("{:<12} {}", "", with_beats(&playhead).replace('|', " ")));
    let bar = moment.grid.cycle() * 2 + 1 + (moment.grid.playhead() / STEPS_PER_BAR) as i64;
    lines.push(format!("bar {bar:<3} {}  {} notes", place(moment), moment.notes));
    lines.join("\n")
}

/// Bar lines and beats make 32 characters readable.
fn with_beats(cells: &str) -> String {
    let mut spaced = String::with_capacity(cells.len() + STEPS / STEPS_PER_BEAT + 1);
    for (step, cell) in cells.chars().enumerate() {
        if step % STEPS_PER_BEAT == 0 {
            spaced.push('|');
        }
        spaced.push(cell);
    }
    spaced.push('|');
    spaced
}

/// Two bars as one line: where the puck is, and how often each drum is hit.
fn line(moment: &Moment<'_>) -> String {
    let bar = moment.grid.cycle() * 2 + 1;
    format!("bars {bar:>2}-{:<2}  {}  {}", bar + 1, place(moment), hits(moment.grid))
}

fn hits(grid: &Grid) -> String {
    let mut drums = Vec::new();
    for instrument in 0..INSTRUMENTS {
        let (name, cells) = grid.row(instrument);
        match cells.chars().filter(|&cell| cell == 'x').count() {
            0 => {}
            count => drums.push(format!("{name} {count}")),
        }
    }
    drums.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid() {
        assert!(ProgressStyle::with_template("{msg}\n{bar:64} {elapsed_precise}").is_ok());
    }

    #[test]
    fn beats_are_set_apart() {
        let cells = "x...".repeat(8);
        assert!(with_beats(&cells).starts_with("|x...|x...|"));
    }
}

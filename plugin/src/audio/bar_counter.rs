//! The host's bars, numbered. VST3 says where a bar begins, but not its number, and some hosts say neither; from
//! the changes of time signature that were played the numbers follow. Audio thread.

use beat::HostBar;

/// Changes of signature that are remembered.
const MAX_CHANGES: usize = 64;
/// Hosts round positions (Ardour: 1/1920 beat).
const ROUNDING_BEATS: f64 = 1.0 / 960.0;

/// What the host says of the bar that the song is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReportedBar {
    /// The song position.
    pub(super) position: f64,
    /// The length of a bar in beats, by the time signature.
    pub(super) beats: f64,
    /// Where the bar begins.
    pub(super) start: Option<f64>,
    /// Its number; the song's first bar is 0.
    pub(super) number: Option<i64>,
}

/// Bars as they were played.
#[derive(Debug)]
pub(super) struct BarCounter {
    /// The first bars of each signature, in the order of the song. None is known before the first block.
    changes: [HostBar; MAX_CHANGES],
    known: usize,
    /// The bar of the last block.
    last: Option<HostBar>,
    /// Whether the host gave a start of a bar that cannot be true: then none is believed. Ardour 7 says four beats a bar
    /// whatever the signature, which in 12/8 and 5/4 now and then lies within the bar.
    starts_are_wrong: bool,
}

impl Default for BarCounter {
    fn default() -> Self {
        let none = HostBar { start: 0.0, number: 0, beats: 4.0 };
        Self { changes: [none; MAX_CHANGES], known: 0, last: None, starts_are_wrong: false }
    }
}

impl BarCounter {
    /// The bar, with its number.
    pub(super) fn bar(&mut self, reported: &ReportedBar) -> HostBar {
        let ReportedBar { position, beats, .. } = *reported;
        if !(position.abs() < 1e8 && (0.06..=1_024.0).contains(&beats)) {
            return HostBar { start: 0.0, number: 0, beats };
        }
        // A host that gives no start may leave it 0.
        let holds = |start: &f64| (-ROUNDING_BEATS..beats + ROUNDING_BEATS).contains(&(position - start));
        self.starts_are_wrong |= reported.start.is_some_and(|start| !holds(&start));
        let start = reported.start.filter(|_| !self.starts_are_wrong);
        let bar = match (start, reported.number) {
            (Some(start), Some(number)) => return HostBar { start, number, beats },
            (Some(start), None) => self.numbered(start, beats),
            (None, _) => self.found(position, beats),
        };
        self.remember(bar);
        self.last = Some(bar);
        bar
    }

    /// The bar that begins at `start`.
    fn numbered(&self, start: f64, beats: f64) -> HostBar {
        // Played on, from the bar before or within one.
        if let Some(last) = self.last {
            for (ahead, at) in [(0, last.start), (1, last.start + last.beats)] {
                if (start - at).abs() < ROUNDING_BEATS {
                    return HostBar { start, number: last.number + ahead, beats };
                }
            }
        }
        let known = self.change_at(start, beats);
        let bars = ((start - known.start) / known.beats).round();
        // Behind bars of another signature that end here, else in bars that are not known.
        let bars = match (start - (known.start + bars * known.beats)).abs() < ROUNDING_BEATS {
            true => bars,
            false => ((start - known.start) / beats).round(),
        };
        HostBar { start, number: known.number + bars as i64, beats }
    }

    /// The bar that holds `position`, where the host gives only the signature. It changes at a bar line.
    fn found(&self, position: f64, beats: f64) -> HostBar {
        let here = self.last.filter(|last| {
            (-ROUNDING_BEATS..2.0 * last.beats + ROUNDING_BEATS).contains(&(position - last.start))
        });
        let known = here.unwrap_or_else(|| self.change_at(position, beats));
        let bars = ((position - known.start + ROUNDING_BEATS) / known.beats).floor();
        let start = known.start + bars * known.beats;
        HostBar { start, number: known.number + bars as i64, beats }
    }

    /// The bar from which bars are counted at `position`: the first of its signature, as far as is known.
    fn change_at(&self, position: f64, beats: f64) -> HostBar {
        let known = &self.changes[..self.known];
        let before = known.iter().rev().find(|change| change.start < position + ROUNDING_BEATS);
        before.or(known.first()).copied().unwrap_or(HostBar { start: 0.0, number: 0, beats })
    }

    /// Keeps a bar whose signature, or number, is not what the bars before it lead to.
    fn remember(&mut self, bar: HostBar) {
        if self.known == 0 {
            // The song is taken to begin in this signature.
            let bars = (bar.start / bar.beats).round();
            let start = bar.start - bars * bar.beats;
            self.changes[0] = HostBar { start, number: bar.number - bars as i64, ..bar };
            self.known = 1;
        }
        let known = self.change_at(bar.start, bar.beats);
        let bars = (bar.start - known.start) / known.beats;
        if known.beats == bar.beats && known.number + bars.round() as i64 == bar.number {
            return;
        }
        let at =
            self.changes[..self.known].partition_point(|change| change.start < bar.start - ROUNDING_BEATS);
        let replaces = at < self.known && (self.changes[at].start - bar.start).abs() < ROUNDING_BEATS;
        if replaces {
            self.changes[at] = bar;
        } else if self.known < MAX_CHANGES {
            self.changes.copy_within(at..self.known, at + 1);
            self.changes[at] = bar;
            self.known += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A song: bars of 4/4 up to beat 16, then of 7/8.
    fn bar_of(position: f64) -> (f64, i64, f64) {
        let bars = |from: f64, beats: f64, before: i64| {
            let bars = ((position - from) / beats).floor();
            (from + bars * beats, before + bars as i64, beats)
        };
        if position < 16.0 { bars(0.0, 4.0, 0) } else { bars(16.0, 3.5, 4) }
    }

    /// What the counter makes of the song where the host gives no number, and perhaps no start either.
    fn counted(counter: &mut BarCounter, position: f64, gives_start: bool) -> (f64, i64, f64) {
        let (start, _, beats) = bar_of(position);
        let start = gives_start.then_some(start);
        let bar = counter.bar(&ReportedBar { position, beats, start, number: None });
        (bar.start, bar.number, bar.beats)
    }

    #[test]
    fn bars_are_counted_through_a_change_of_signature() {
        for gives_start in [true, false] {
            let mut counter = BarCounter::default();
            for block in 0..400 {
                let position = f64::from(block) * 0.11;
                assert_eq!(counted(&mut counter, position, gives_start), bar_of(position), "{position}");
            }
            // What was played is known after seeks.
            for position in [2.0, 30.2, 15.99, 16.0, 41.0, 0.0] {
                assert_eq!(counted(&mut counter, position, gives_start), bar_of(position), "{position}");
            }
        }
    }

    #[test]
    fn a_seek_to_where_the_signature_changes_counts_the_bars_before() {
        let mut counter = BarCounter::default();
        assert_eq!(counted(&mut counter, 1.0, true), (0.0, 0, 4.0));
        assert_eq!(counted(&mut counter, 16.0, true), (16.0, 4, 3.5));
        assert_eq!(counted(&mut counter, 23.0, true), (23.0, 6, 3.5));
    }

    /// In bars of six beats a start that is always four beats a bar lies in the first two of them.
    #[test]
    fn starts_are_not_believed_once_one_was_impossible() {
        for beats in [6.0, 5.0, 3.0, 4.0] {
            let mut counter = BarCounter::default();
            for block in 0..400 {
                let position = f64::from(block) * 0.11;
                let number = (position / beats).floor();
                let start = Some(4.0 * (number + 1.0));
                let bar = counter.bar(&ReportedBar { position, beats, start, number: None });
                assert_eq!((bar.start, bar.number), (number * beats, number as i64), "{position} of {beats}");
            }
        }
    }

    #[test]
    fn a_bar_that_the_host_numbers_is_taken_as_it_is() {
        let mut counter = BarCounter::default();
        let reported = ReportedBar { position: 17.0, beats: 3.5, start: Some(16.0), number: Some(9) };
        let bar = counter.bar(&reported);
        assert_eq!((bar.start, bar.number, bar.beats), (16.0, 9, 3.5));
    }

    #[test]
    fn a_signature_that_is_edited_replaces_the_one_that_was_played() {
        let mut counter = BarCounter::default();
        for beat in 0..100 {
            counted(&mut counter, f64::from(beat), true);
        }
        // Now 4/4 throughout.
        for beat in 0..100 {
            let start = (f64::from(beat) / 4.0).floor() * 4.0;
            let position = f64::from(beat);
            let bar = counter.bar(&ReportedBar { position, beats: 4.0, start: Some(start), number: None });
            assert_eq!(bar.number, (start / 4.0) as i64, "beat {beat}");
        }
    }

    #[test]
    fn many_changes_and_numbers_that_are_none_are_survived() {
        let mut counter = BarCounter::default();
        let mut start = 0.0;
        for number in 0..1_000 {
            let beats = if number % 2 == 0 { 4.0 } else { 3.5 };
            let bar = counter.bar(&ReportedBar { position: start, beats, start: Some(start), number: None });
            assert_eq!(bar.number, number);
            start += beats;
        }
        for beats in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            counter.bar(&ReportedBar { position: f64::NAN, beats, start: Some(f64::NAN), number: None });
            counter.bar(&ReportedBar { position: 3.0, beats, start: None, number: None });
        }
    }
}

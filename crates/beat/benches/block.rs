//! What one block costs the audio thread: idle, playing a beat, and the worst case of every cell on with
//! offsets both ways. The target is 1/2,000 of a block's time at 64 samples and 48 kHz: 667 ns. Run with
//! `cargo bench -p beat`.

use beat::{
    Bank, BankSource, Grid, INSTRUMENTS, Kit, MOST_STEPS, NoteEvent, NoteSink, Playback, Refused, Sequencer,
    Settings, Take, Transport,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const RATE: f64 = 48_000.0;
const TEMPO: f64 = 120.0;

struct OneBank(Bank);

impl BankSource for OneBank {
    fn commit(&mut self, _beats: f64) {
        black_box(&self.0);
    }
    fn current(&self) -> &Bank {
        &self.0
    }
    fn newest_grid(&self) -> Grid {
        *self.0.grid()
    }
}

struct Nowhere;

impl NoteSink for Nowhere {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        black_box(event);
        Ok(())
    }
}

fn bank(hit: impl Fn(usize, usize) -> bool, offset: impl Fn(usize, usize) -> i8) -> OneBank {
    let mut take = Take::EMPTY;
    for step in 0..MOST_STEPS {
        for instrument in 0..INSTRUMENTS {
            take.offsets[step][instrument] = offset(step, instrument);
            if hit(step, instrument) {
                take.onsets = take.onsets.with(step, instrument);
            }
        }
    }
    OneBank(Bank::new(&[take; 8], 8, Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, 1))
}

/// Rolls over blocks of `frames` for the whole measurement, so that the figure is the mean over all
/// places of the song.
fn roll(criterion: &mut Criterion, name: &str, playing: bool, mut banks: OneBank) {
    let mut group = criterion.benchmark_group(name);
    for frames in [64_u32, 256, 1024] {
        group.throughput(Throughput::Elements(u64::from(frames)));
        let mut sequencer = Sequencer::new();
        let mut beats = 0.0;
        group.bench_function(BenchmarkId::from_parameter(frames), |bench| {
            bench.iter(|| {
                let transport = Transport {
                    playing,
                    beats,
                    tempo: TEMPO,
                    sample_rate: RATE,
                    frames,
                    loop_range: None,
                    bar: None,
                    compound: false,
                };
                sequencer.process(black_box(&transport), &Playback::default(), &mut banks, &mut Nowhere);
                beats += f64::from(frames) * TEMPO / (60.0 * RATE);
            });
        });
    }
    group.finish();
}

fn blocks(criterion: &mut Criterion) {
    let rock = |step: usize, instrument: usize| match instrument {
        0 => step.is_multiple_of(8),
        1 => step % 8 == 4,
        4 => step.is_multiple_of(2),
        _ => false,
    };
    roll(criterion, "idle", false, bank(rock, |_, _| 0));
    roll(criterion, "a rock beat", true, bank(rock, |_, _| 0));
    roll(criterion, "every cell on", true, bank(|_, _| true, |_, _| 0));
    let humans = |step: usize, instrument: usize| (step * 37 + instrument * 91) as i8;
    roll(criterion, "every cell on, early and late", true, bank(|_, _| true, humans));
}

criterion_group!(benches, blocks);
criterion_main!(benches);

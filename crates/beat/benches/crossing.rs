//! How long a bank takes from the decode thread to the audio thread: through a triple buffer, as the plugin's
//! one crossing has it (`plugin/src/crossing.rs`). Run with `cargo bench -p beat`.

use beat::{Bank, Grid, Kit, MOST_TAKES, Settings, Take};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use triple_buffer::triple_buffer;

#[derive(Clone)]
struct Numbered {
    number: u32,
    bank: Bank,
}

fn crossing(criterion: &mut Criterion) {
    let (mut input, mut output) = triple_buffer(&Numbered { number: 0, bank: Bank::SILENT });
    let mut group = criterion.benchmark_group("crossing");
    let mut number = 0;
    for takes in [1, 8, MOST_TAKES] {
        let takes = &[Take::EMPTY; MOST_TAKES][..takes];
        let bank = Bank::new(takes, 8, Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, 1);
        group.bench_function(BenchmarkId::new("publish and read, takes", takes.len()), |bench| {
            bench.iter(|| {
                number += 1;
                let cell = input.input_buffer_mut();
                cell.number = number;
                cell.bank.copy_from(black_box(&bank));
                input.publish();
                output.update();
                black_box(output.output_buffer().number + u32::from(output.output_buffer().bank.period()))
            });
        });
    }
    group.bench_function("nothing new", |bench| {
        bench.iter(|| {
            output.update();
            black_box(output.output_buffer().number)
        });
    });
    group.finish();
}

criterion_group!(benches, crossing);
criterion_main!(benches);

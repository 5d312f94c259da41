//! How long a bank takes from the decode thread to the audio thread: through a triple buffer, as the plugin's
//! one crossing has it (`plugin/src/crossing.rs`). Run with `cargo bench -p beat`.

use beat::{BANK_TAKES, Bank, Kit, Settings, Take};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use triple_buffer::triple_buffer;

#[derive(Clone, Copy)]
struct Numbered {
    number: u32,
    bank: Bank,
}

fn crossing(criterion: &mut Criterion) {
    let bank = Bank::new([Take::EMPTY; BANK_TAKES], 8, Kit::DEFAULT, Settings::DEFAULT, 1);
    let (mut input, mut output) = triple_buffer(&Numbered { number: 0, bank });
    let mut group = criterion.benchmark_group("crossing");
    group.bench_function("publish and read", |bench| {
        let mut number = 0;
        bench.iter(|| {
            number += 1;
            *input.input_buffer_mut() = Numbered { number, bank: *black_box(&bank) };
            input.publish();
            output.update();
            black_box(output.output_buffer().number + u32::from(output.output_buffer().bank.period()))
        });
    });
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

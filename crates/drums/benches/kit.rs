//! What the built-in kit costs the audio thread in a block of 64 samples at 48 kHz. The target with every
//! voice sounding is 1/100 of the block's time: 13.3 us. Run with `cargo bench -p drums`.

use beat::INSTRUMENTS;
use criterion::{Criterion, criterion_group, criterion_main};
use drums::Drums;
use std::hint::black_box;

const RATE: f64 = 48_000.0;
const FRAMES: usize = 64;

/// Renders blocks without end, with all drums of `hit` struck every `every` blocks.
fn play(criterion: &mut Criterion, name: &str, hit: fn(usize) -> bool, every: usize) {
    let mut drums = Drums::new(4711, RATE);
    let (mut left, mut right) = ([0.0; FRAMES], [0.0; FRAMES]);
    let mut block = 0;
    criterion.bench_function(name, |bench| {
        bench.iter(|| {
            if block % every == 0 {
                (0..INSTRUMENTS)
                    .filter(|drum| hit(*drum))
                    .for_each(|drum| drums.trigger(drum, 127, block as i64));
            }
            block += 1;
            drums.render(black_box(&mut left), black_box(&mut right));
        });
    });
}

fn blocks(criterion: &mut Criterion) {
    play(criterion, "kit/silent", |_| false, 1);
    play(criterion, "kit/kick, hat and snare on every sixteenth", |drum| matches!(drum, 0 | 1 | 4), 94);
    play(criterion, "kit/all drums on every sixteenth", |_| true, 94);
    // Struck anew every 2.7 ms: every voice that there is sounds, and all of its layers.
    play(criterion, "kit/all drums in a roll that no hand plays", |_| true, 2);
}

criterion_group!(benches, blocks);
criterion_main!(benches);

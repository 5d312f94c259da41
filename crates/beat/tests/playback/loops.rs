//! Loops, however the host wraps them.

use super::*;

#[test]
fn a_block_that_begins_a_hair_before_the_end_of_the_loop_plays_the_start_of_the_loop() {
    let mut host = Host::new(tabs(&["x.............."]));
    let loop_range = Some(LoopRange { start: 0.0, end: 2.0 });
    let transport = Transport { loop_range, ..at(2.0 - 0.3 / 24_000.0, 1000) };
    host.block(&mut Sequencer::new(), &transport, &Playback::default());
    assert_eq!(host.ons(), [(0, 36)]);
}

#[test]
fn a_loop_begins_with_its_first_beat_though_the_host_overshot_and_rounded() {
    // 999 BPM at 8 kHz: a sample is longer than a tick. The host passed beat 1 by most of a sample and
    // rounds where it landed up to 4 ticks.
    let mut host = Host::new(tabs(&["x..............."]));
    let mut sequencer = Sequencer::new();
    let fast = |beats, frames| Transport {
        loop_range: Some(LoopRange { start: 0.0, end: 1.0 }),
        tempo: 999.0,
        sample_rate: 8_000.0,
        ..at(beats, frames)
    };
    host.block(&mut sequencer, &fast(0.75, 121), &Playback::default());
    host.block(&mut sequencer, &fast(4.0 / 1920.0, 64), &Playback::default());
    assert_eq!(host.ons(), [(121, 36)]);
}

#[test]
fn a_tempo_that_rises_in_the_block_that_wraps_costs_no_step() {
    // The host speeds up from 100 to 200 BPM as the block begins that still says 100, wraps in it at beat 2
    // and lands at 0.4. Predicted was 0.08, and with the new tempo from the wrap on only 0.16.
    let mut host = Host::new(tabs(&["xx.............."]));
    let mut sequencer = Sequencer::new();
    let looping = |beats, tempo, frames| Transport {
        loop_range: Some(LoopRange { start: 0.0, end: 2.0 }),
        tempo,
        ..at(beats, frames)
    };
    host.block(&mut sequencer, &looping(1.76, 100.0, 9_216), &Playback::default());
    host.block(&mut sequencer, &looping(0.40, 200.0, 1_000), &Playback::default());
    assert_eq!(host.ons(), [(6_912, 36), (9_216, 36)]);
}

#[test]
fn a_loop_that_the_host_wraps_inside_a_block_repeats_its_first_beat_in_time() {
    // Two beats of loop in blocks that never meet its end: 48,000 samples a pass, 1000 a block, from 0.01.
    let mut host = Host::new(tabs(&["x.......x......."]));
    let mut sequencer = Sequencer::new();
    let loop_range = Some(LoopRange { start: 0.0, end: 2.0 });
    let mut beats = 0.0;
    for _ in 0..97 {
        host.block(&mut sequencer, &Transport { loop_range, ..at(beats, 1007) }, &Playback::default());
        beats = (beats + 1007.0 / 24_000.0) % 2.0;
    }
    assert_eq!(host.ons(), [(0, 36), (48_000, 36), (96_000, 36)]);
}

#[test]
fn a_host_that_rolls_past_its_loops_end_is_known_by_it_from_then_on() {
    // The loop ends at sample 48,000, in the middle of a block. The kick is on its start, the snare behind its
    // end.
    let mut host = Host::new(tabs(&["x...............", "........xx......"]));
    let mut sequencer = Sequencer::new();
    for pass in 0..3 {
        host.events.clear();
        host.block_start = 0;
        for block in 0..60 {
            let loop_range = Some(LoopRange { start: 0.0, end: 2.0 });
            let transport = Transport { loop_range, ..at(f64::from(block) * 1007.0 / 24_000.0, 1007) };
            host.block(&mut sequencer, &transport, &Playback::default());
        }
        match pass {
            // A host that wraps within the block looks the same until the next block.
            0 => assert_eq!(host.ons(), [(0, 36), (48_000, 36), (54_000, 38)]),
            _ => assert_eq!(host.ons(), [(0, 36), (48_000, 38), (54_000, 38)]),
        }
    }
    // A host that wraps after all is believed again.
    let looping =
        |beats| Transport { loop_range: Some(LoopRange { start: 0.0, end: 2.0 }), ..at(beats, 1000) };
    host.events.clear();
    for beats in [2.0 - 500.0 / 24_000.0, 0.0, 2.0 - 500.0 / 24_000.0] {
        host.block_start = 0;
        host.block(&mut sequencer, &looping(beats), &Playback::default());
    }
    assert_eq!(host.ons(), [(500, 38), (0, 36), (500, 36)]);
}

#[test]
fn a_block_that_begins_at_the_loops_end_only_because_the_host_rounded_plays_nothing_of_it() {
    // As Ardour played it at 93.7 BPM: seven samples before the end it says that the end is reached, and the
    // block after the next seven samples is the loop's start.
    let mut host = Host::new(tabs(&["x...............x..............."]));
    let mut sequencer = Sequencer::new();
    let looping = |beats, frames| Transport {
        loop_range: Some(LoopRange { start: 0.0, end: 4.0 }),
        tempo: 93.7,
        ..at(beats, frames)
    };
    let a_block = 256.0 * 93.7 / (60.0 * RATE);
    host.block(&mut sequencer, &looping(4.0 - 0.0002 - a_block, 256), &Playback::default());
    host.block(&mut sequencer, &looping(4.0, 7), &Playback::default());
    host.block(&mut sequencer, &looping(0.0, 256), &Playback::default());
    assert_eq!(host.ons(), [(263, 36)]);
}

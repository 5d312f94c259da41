//! Which channels are drums: GS, XG, General MIDI 2, and what is chosen.

use super::*;

const GS_RESET: &[u8] = &[0xf0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7f, 0, 0x41, 0xf7];
const XG_ON: &[u8] = &[0xf0, 8, 0x43, 0x10, 0x4c, 0, 0, 0x7e, 0, 0xf7];
const GM_ON: &[u8] = &[0xf0, 5, 0x7e, 0x7f, 9, 1, 0xf7];
const GM2_ON: &[u8] = &[0xf0, 5, 0x7e, 0x7f, 9, 3, 0xf7];

/// GS "use for rhythm part" for a part of the block, of a device.
fn rhythm_part(device: u8, block: u8, part: u8, map: u8) -> Vec<u8> {
    let sum = u32::from(block) + 0x10 + u32::from(part) + 0x15 + u32::from(map);
    let check = ((128 - sum % 128) % 128) as u8;
    vec![0xf0, 10, 0x41, device, 0x42, 0x12, block, 0x10 | part, 0x15, map, check, 0xf7]
}

/// XG "part mode".
fn part_mode(part: u8, mode: u8) -> Vec<u8> {
    vec![0xf0, 8, 0x43, 0x10, 0x4c, 8, part, 7, mode, 0xf7]
}

/// A note of each channel of a musician on each beat from `beat` on, behind these events at their ticks; the
/// channels of the hits.
fn drums_of(events: &[(u64, Vec<u8>)], channels: DrumChannels) -> Vec<(u64, u8)> {
    let mut all: Vec<(u64, Vec<u8>)> = events.to_vec();
    for beat in 0..12 {
        for channel in 0..16 {
            all.push((beat * 480, vec![0x90 | channel, 30 + channel, 100]));
        }
    }
    all.sort_by_key(|event| event.0);
    let track =
        all.iter().fold(TrackBytes::default(), |track, (tick, bytes)| track.event(*tick, bytes)).end();
    let reading = read(&file(0, 480, &[track]), channels, &Limits::default()).unwrap();
    reading.parts[0].hits.iter().map(|hit| (hit.step as u64 / 4, hit.note - 29)).collect()
}

/// Checks which channels, as musicians count, are drums all the time.
fn check(events: &[(u64, Vec<u8>)], expected: &[u8]) {
    let all: Vec<(u64, u8)> =
        (0..12).flat_map(|beat| expected.iter().map(move |channel| (beat, *channel))).collect();
    assert_eq!(drums_of(events, DrumChannels::AsTheFileSays), all, "{events:02x?}");
}

#[test]
fn gs_makes_parts_drums_and_takes_them_back() {
    let gs = || (0, GS_RESET.to_vec());
    check(&[gs()], &[10]);
    check(&[gs(), (0, rhythm_part(0x10, 0x40, 0xa, 2))], &[10, 11]);
    check(&[gs(), (0, rhythm_part(0x00, 0x40, 1, 1))], &[1, 10]);
    check(&[gs(), (0, rhythm_part(0x7f, 0x40, 9, 1))], &[9, 10]);
    check(&[gs(), (0, rhythm_part(0x10, 0x40, 0xf, 1))], &[10, 16]);
    check(&[gs(), (0, rhythm_part(0x10, 0x50, 0xa, 1))], &[10, 11]);
    check(&[gs(), (0, rhythm_part(0x10, 0x40, 0, 0))], &[]);
    check(&[gs(), (0, rhythm_part(0x10, 0x40, 0, 0)), (0, rhythm_part(0x10, 0x40, 0xa, 1))], &[11]);
    // A part that is set up while its first notes sound.
    check(&[gs(), (60, rhythm_part(0x10, 0x40, 0xa, 2))], &[10, 11]);
    check(&[gs(), (960, rhythm_part(0x10, 0x40, 0, 0)), (960, rhythm_part(0x10, 0x40, 0xa, 2))], &[11]);
    // Bank 127 are older sounds here.
    check(&[gs(), (0, vec![0xb0, 0, 127]), (0, vec![0xc0, 5])], &[10]);
}

#[test]
fn xg_and_general_midi_2_follow_banks_and_part_modes() {
    let xg = || (0, XG_ON.to_vec());
    check(&[xg(), (0, vec![0xb0, 0, 127]), (0, vec![0xc0, 0])], &[1, 10]);
    check(&[xg(), (10, vec![0xb0, 0, 127]), (10, vec![0xb0, 32, 0]), (10, vec![0xc0, 0])], &[1, 10]);
    check(&[xg(), (0, vec![0xb4, 0, 126]), (0, vec![0xc4, 0])], &[5, 10]);
    check(&[xg(), (0, part_mode(3, 2))], &[4, 10]);
    check(&[xg(), (0, part_mode(9, 0)), (0, part_mode(10, 1))], &[11]);
    check(&[xg(), (0, vec![0xb9, 0, 64]), (0, vec![0xc9, 33])], &[]);
    check(&[(0, GM_ON.to_vec()), (0, vec![0xb9, 0, 0]), (0, vec![0xc9, 33])], &[10]);
    check(&[(0, vec![0xb0, 0, 127]), (0, vec![0xc0, 0])], &[1, 10]);
    let gm2 = || (0, GM2_ON.to_vec());
    check(&[gm2(), (0, vec![0xba, 0, 120]), (0, vec![0xca, 0])], &[10, 11]);
    check(&[gm2(), (0, vec![0xb9, 0, 121]), (0, vec![0xc9, 33])], &[]);
}

/// Sequencers write bank 0 at the head of every channel: the drums of such files were lost.
#[test]
fn bank_0_of_xg_alone_does_not_make_channel_10_melodic() {
    let (xg, zero, program) = ((0, XG_ON.to_vec()), (0, vec![0xb9, 0, 0]), (0, vec![0xc9, 33]));
    check(&[xg.clone(), zero.clone()], &[10]);
    check(&[xg.clone(), zero.clone(), (0, vec![0xb9, 32, 0]), program.clone()], &[10]);
    // The file sets the channel on purpose.
    check(&[xg.clone(), (0, vec![0xb9, 0, 127]), (0, vec![0xc9, 0]), zero.clone(), program.clone()], &[]);
    check(&[xg.clone(), (0, part_mode(9, 2)), zero.clone(), program.clone()], &[]);
    check(
        &[xg.clone(), (0, vec![0xb0, 0, 127]), (0, vec![0xc0, 0]), (0, vec![0xb0, 0, 0]), (0, vec![0xc0, 1])],
        &[10],
    );

    let counted = |hit: &[u8]| {
        let events = [&xg.1, &zero.1, &program.1, hit];
        let track = events.iter().fold(TrackBytes::default(), |track, event| track.event(0, event)).end();
        let reading = read(&file(0, 480, &[track]), DrumChannels::default(), &Limits::default()).unwrap();
        (reading.parts[0].hits.len(), reading.repairs.times(Repair::DrumBank))
    };
    assert_eq!(counted(&[0x99, 36, 100]), (1, 1));
    assert_eq!(counted(&[0x90, 36, 100]), (0, 0), "a channel without notes is not worth a word");
}

#[test]
fn a_channel_that_becomes_drums_in_mid_song_is_drums_from_there() {
    let events =
        [(0, GS_RESET.to_vec()), (6 * 480, rhythm_part(0x10, 0x40, 0xa, 1)), (9 * 480, GS_RESET.to_vec())];
    let found = drums_of(&events, DrumChannels::AsTheFileSays);
    let eleventh: Vec<u64> = found.iter().filter(|hit| hit.1 == 11).map(|hit| hit.0).collect();
    assert_eq!(eleventh, [6, 7, 8]);
    assert_eq!(found.iter().filter(|hit| hit.1 == 10).count(), 12);
}

#[test]
fn a_message_in_two_packets_counts() {
    let whole = rhythm_part(0x10, 0x40, 0xa, 2);
    let (first, second) = whole[2..].split_at(5);
    let first = [&[0xf0, first.len() as u8], first].concat();
    let second = [&[0xf7, second.len() as u8], second].concat();
    check(&[(0, GS_RESET.to_vec()), (0, first), (0, second)], &[10, 11]);
}

#[test]
fn a_channel_can_be_chosen() {
    let third = drums_of(&[], DrumChannels::One(2));
    assert_eq!(third, (0..12).map(|beat| (beat, 3)).collect::<Vec<_>>());
    assert_eq!(drums_of(&[], DrumChannels::Any).len(), 12 * 16);
}

#[test]
fn the_same_channel_of_two_ports_is_told_apart() {
    let on_port = |port: u8, note: u8| {
        TrackBytes::default().event(0, &[0xff, 0x21, 1, port]).event(0, &[0x9a, note, 100]).end()
    };
    let setup = TrackBytes::default().event(0, GS_RESET).event(0, &rhythm_part(0x10, 0x50, 0xa, 1)).end();
    let reading = read_parts(&file(1, 480, &[setup, on_port(0, 40), on_port(1, 38)])).unwrap();
    assert_eq!(reading[0].hits.iter().map(|hit| hit.note).collect::<Vec<_>>(), [38]);
}

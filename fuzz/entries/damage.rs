//! Damage without a fuzzer: kept inputs with changed bytes, a pure function of a number.

/// Input `number` made of the kept ones.
pub(crate) fn damaged(kept: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut rng = SplitMix64(number);
    let mut bytes = kept[rng.below(kept.len())].clone();
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len());
        let end = bytes.len().min(at + rng.below(64));
        match rng.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            3 => {
                let other = &kept[rng.below(kept.len())];
                let from = rng.below(other.len());
                let there = &other[from..other.len().min(from + 64)];
                drop(bytes.splice(at..end, there.iter().copied()));
            }
            4 => {
                // Text mostly stays text where a digit becomes another.
                if let Some(digit) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                    *digit = b'0' + rng.below(10) as u8;
                }
            }
            5 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte = [0, 1, 0x7f, 0x80, 0xff][rng.below(5)]),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.below(8)),
        }
    }
    bytes
}

/// The generator splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % most.max(1) as u64) as usize
    }
}

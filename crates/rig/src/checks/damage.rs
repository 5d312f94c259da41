//! Random damage to a saved state, a function of the seed.

use serde_json::{Map, Value};

/// The generator splitmix64 (Steele, Lea and Flood, OOPSLA 2014), the same on every machine.
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    /// The generator of damaged state `number` under `seed`.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `most`; 0 where there is none.
    pub(super) fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// True with probability 1 / `n`.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Texts that are invalid almost everywhere in a state, some of them paths.
const TEXTS: [&str; 16] = [
    "",
    "x",
    "step",
    "never",
    "/dev/zero",
    "/dev/null",
    "/",
    "\u{0}",
    "..",
    "[]?*!|@ \"'\\",
    "späce/鼓.safetensors",
    "1",
    "{}",
    "[",
    "ff",
    "\n",
];

/// Numbers at the limits of ranges and types.
const NUMBERS: [f64; 18] = [
    0.0,
    -0.0,
    0.5,
    1.0,
    -1.0,
    2.0,
    7.0,
    127.0,
    128.0,
    255.0,
    256.0,
    65_535.0,
    16_384.0,
    1e9,
    -2_147_483_648.0,
    4_294_967_296.0,
    1e300,
    5e-324,
];

/// The JSON of a state with one to three values changed, removed or repeated.
pub(super) fn damaged_json(text: &str, rng: &mut SplitMix64) -> String {
    let Ok(mut state) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    for _ in 0..=rng.below(3) {
        let inside = state.get_mut("fields").and_then(Value::as_object_mut).filter(|_| !rng.one_in(3));
        match inside {
            // Fields are JSON in a JSON string.
            Some(fields) => damage_field(fields, rng),
            None => damage(&mut state, rng),
        }
    }
    state.to_string()
}

fn damage_field(fields: &mut Map<String, Value>, rng: &mut SplitMix64) {
    let index = rng.below(fields.len());
    let Some(Value::String(text)) = fields.values_mut().nth(index) else { return };
    match serde_json::from_str::<Value>(text) {
        Ok(mut field) => {
            damage(&mut field, rng);
            *text = field.to_string();
        }
        Err(_) => *text = TEXTS[rng.below(TEXTS.len())].to_owned(),
    }
}

/// Descends to some value and damages it.
fn damage(value: &mut Value, rng: &mut SplitMix64) {
    match value {
        Value::Object(entries) if !entries.is_empty() && !rng.one_in(6) => {
            let index = rng.below(entries.len());
            if rng.one_in(8)
                && let Some(key) = entries.keys().nth(index).cloned()
            {
                entries.remove(&key);
            } else if let Some(entry) = entries.values_mut().nth(index) {
                damage(entry, rng);
            }
        }
        Value::Array(entries) if !entries.is_empty() && !rng.one_in(6) => {
            let index = rng.below(entries.len());
            match rng.below(8) {
                0 => drop(entries.remove(index)),
                1 => entries.insert(index, entries[index].clone()),
                _ => damage(&mut entries[index], rng),
            }
        }
        _ => *value = replacement(value, rng),
    }
}

/// A replacement for a value.
fn replacement(value: &Value, rng: &mut SplitMix64) -> Value {
    // Mostly of the same type: a state with another type is refused as a whole.
    if let Some(number) = value.as_f64().filter(|_| !rng.one_in(8)) {
        let changed = [number + 1.0, number - 1.0, number * 2.0, -number, number / 3.0][rng.below(5)];
        let number = if rng.one_in(2) { changed } else { NUMBERS[rng.below(NUMBERS.len())] };
        return if value.is_f64() { number.into() } else { (number as i64).into() };
    }
    match rng.below(7) {
        0 => Value::Null,
        1 => rng.one_in(2).into(),
        2 => NUMBERS[rng.below(NUMBERS.len())].into(),
        3 => (NUMBERS[rng.below(NUMBERS.len())] as i64).into(),
        4 => TEXTS[rng.below(TEXTS.len())].into(),
        5 => Value::Array(vec![value.clone(); rng.below(40)]),
        _ => Value::Object(
            [("f32".to_owned(), NUMBERS[rng.below(NUMBERS.len())].into())].into_iter().collect(),
        ),
    }
}

/// Bytes with one to eight places changed, removed, repeated or inserted.
pub(super) fn damaged_bytes(bytes: &[u8], rng: &mut SplitMix64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(8) {
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let end = bytes.len().min(at + rng.below(40));
                bytes.drain(at..end);
            }
            2 => {
                let end = bytes.len().min(at + rng.below(40));
                bytes.splice(at..at, bytes[at..end].to_vec());
            }
            3 => bytes.insert(at.min(bytes.len()), rng.next() as u8),
            4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b"0123456789-{}[]\",:.e"[rng.below(20)];
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.below(8);
                }
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_varies_and_is_a_function_of_the_seed() {
        let text = r#"{"params":{"x":{"f32":0.5}},"fields":{"bank":"{\"takes\":[1,2,3]}","model":"{}"}}"#;
        let all = |number| {
            let rng = &mut SplitMix64::new(7, number);
            (damaged_json(text, rng), damaged_bytes(text.as_bytes(), rng))
        };
        let damaged: std::collections::BTreeSet<_> = (0..200).map(all).collect();
        assert!(damaged.len() > 150, "{} kinds of damage", damaged.len());
        assert_eq!(all(3), all(3));
        assert!((0..50).any(|number| damaged_json("no JSON", &mut SplitMix64::new(1, number)) == "no JSON"));
        assert!(damaged_bytes(&[], &mut SplitMix64::new(1, 0)).len() <= 8);
    }
}

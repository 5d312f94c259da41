//! Damage to a state, the same for the same dice.

use serde_json::{Map, Value};

/// Dice that are the same on every machine: splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of mutation `number` under `seed`.
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

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// Texts that a state never has where they end up, some of them paths.
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

/// Numbers at the edges of everything.
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

/// The JSON of a state with one to three things wrong with it.
pub(super) fn structure(text: &str, dice: &mut Dice) -> String {
    let Ok(mut state) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    for _ in 0..=dice.below(3) {
        let inside = state.get_mut("fields").and_then(Value::as_object_mut).filter(|_| !dice.one_in(3));
        match inside {
            // Fields are texts within the text.
            Some(fields) => damage_field(fields, dice),
            None => damage(&mut state, dice),
        }
    }
    state.to_string()
}

fn damage_field(fields: &mut Map<String, Value>, dice: &mut Dice) {
    let place = dice.below(fields.len());
    let Some(Value::String(text)) = fields.values_mut().nth(place) else { return };
    match serde_json::from_str::<Value>(text) {
        Ok(mut field) => {
            damage(&mut field, dice);
            *text = field.to_string();
        }
        Err(_) => *text = TEXTS[dice.below(TEXTS.len())].to_owned(),
    }
}

/// Walks down to some value and damages it.
fn damage(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(entries) if !entries.is_empty() && !dice.one_in(6) => {
            let place = dice.below(entries.len());
            if dice.one_in(8)
                && let Some(key) = entries.keys().nth(place).cloned()
            {
                entries.remove(&key);
            } else if let Some(entry) = entries.values_mut().nth(place) {
                damage(entry, dice);
            }
        }
        Value::Array(entries) if !entries.is_empty() && !dice.one_in(6) => {
            let place = dice.below(entries.len());
            match dice.below(8) {
                0 => drop(entries.remove(place)),
                1 => entries.insert(place, entries[place].clone()),
                _ => damage(&mut entries[place], dice),
            }
        }
        _ => *value = other(value, dice),
    }
}

/// A value that takes the place of another.
fn other(value: &Value, dice: &mut Dice) -> Value {
    // A number stays one of its kind mostly: a state with another kind is refused as a whole.
    if let Some(number) = value.as_f64().filter(|_| !dice.one_in(8)) {
        let near = [number + 1.0, number - 1.0, number * 2.0, -number, number / 3.0][dice.below(5)];
        let number = if dice.one_in(2) { near } else { NUMBERS[dice.below(NUMBERS.len())] };
        return if value.is_f64() { number.into() } else { (number as i64).into() };
    }
    match dice.below(7) {
        0 => Value::Null,
        1 => dice.one_in(2).into(),
        2 => NUMBERS[dice.below(NUMBERS.len())].into(),
        3 => (NUMBERS[dice.below(NUMBERS.len())] as i64).into(),
        4 => TEXTS[dice.below(TEXTS.len())].into(),
        5 => Value::Array(vec![value.clone(); dice.below(40)]),
        _ => Value::Object(
            [("f32".to_owned(), NUMBERS[dice.below(NUMBERS.len())].into())].into_iter().collect(),
        ),
    }
}

/// Bytes with one to eight places changed, cut, repeated or grown.
pub(super) fn bytes(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let end = bytes.len().min(at + dice.below(40));
                bytes.drain(at..end);
            }
            2 => {
                let end = bytes.len().min(at + dice.below(40));
                bytes.splice(at..at, bytes[at..end].to_vec());
            }
            3 => bytes.insert(at.min(bytes.len()), dice.next() as u8),
            4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b"0123456789-{}[]\",:.e"[dice.below(20)];
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
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
    fn damage_is_real_and_the_same_for_the_same_dice() {
        let text = r#"{"params":{"x":{"f32":0.5}},"fields":{"bank":"{\"takes\":[1,2,3]}","model":"{}"}}"#;
        let all = |number| {
            let dice = &mut Dice::new(7, number);
            (structure(text, dice), bytes(text.as_bytes(), dice))
        };
        let damaged: std::collections::BTreeSet<_> = (0..200).map(all).collect();
        assert!(damaged.len() > 150, "{} kinds of damage", damaged.len());
        assert_eq!(all(3), all(3));
        assert!((0..50).any(|number| structure("no JSON", &mut Dice::new(1, number)) == "no JSON"));
        assert!(bytes(&[], &mut Dice::new(1, 0)).len() <= 8);
    }
}

//! What the fourteen drums are made of, as data: the parts of a recipe, then the recipes in the order of the
//! default kit, tuned by spectrogram and measured levels. Frequencies are in Hz, times in seconds; levels are
//! amplitudes among the layers.

use beat::INSTRUMENTS;

/// The number of square waves of a metal source.
pub(crate) const SQUARES: usize = 6;
/// The largest number of layers of a drum.
pub(crate) const LAYERS: usize = 5;

/// The sound source of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A sine with a pitch glide.
    Tone {
        /// The start of the glide at full velocity, in Hz.
        from: f32,
        /// The end of the glide, in Hz.
        to: f32,
        /// The time of 99.9 % of the glide, in seconds.
        glide: f32,
        /// Saturation: 0 is a pure sine, 1 nearly a square wave.
        drive: f32,
    },
    /// White noise.
    Noise,
    /// Square waves of these frequencies in Hz; 0 leaves one out.
    Metal([f32; SQUARES]),
}

/// The envelope of a layer, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvelopeTimes {
    /// Time before the attack.
    pub(crate) delay: f32,
    /// Time from silence to the peak; 0 starts at the peak.
    pub(crate) attack: f32,
    /// Time at the peak.
    pub(crate) hold: f32,
    /// Time of the decay by 60 dB.
    pub(crate) decay: f32,
}

/// A frequency band.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    /// The lowest frequency, in Hz.
    pub(crate) from: f32,
    /// The highest frequency, in Hz.
    pub(crate) to: f32,
    /// The Q of the lower edge: 0.7 has no resonance, 2 a clear one.
    pub(crate) edge: f32,
}

/// One layer of a drum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerRecipe {
    pub(crate) source: Source,
    /// The band of the source; not applied to a tone.
    pub(crate) band: Band,
    pub(crate) shape: EnvelopeTimes,
    /// Its amplitude among the layers.
    pub(crate) level: f32,
    /// How its amplitude grows with velocity, beyond the drum's: as velocity to this power.
    pub(crate) hardness: f32,
}

/// A drum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrumRecipe {
    /// At most [`LAYERS`].
    pub(crate) layers: &'static [LayerRecipe],
    /// Its amplitude in the kit.
    pub(crate) level: f32,
    /// -1 (left) to 1 (right), from the audience.
    pub(crate) pan: f32,
    /// How long it rings on under its next hit, in seconds: 0 for skins, more for cymbals.
    pub(crate) rings_on: f32,
    /// Bit `i`: a hit of this drum chokes instrument `i`, as a closed hat does.
    pub(crate) chokes: u16,
}

/// Six square waves without common harmonics, higher than in analogue drum machines, for more energy in a
/// cymbal's range.
const PLATE: [f32; SQUARES] = [317.0, 465.0, 569.0, 811.0, 832.0, 1_231.0];
/// The frequencies of crash and ride.
const BIG_PLATE: [f32; SQUARES] = [403.0, 557.0, 773.0, 1_117.0, 1_399.0, 1_867.0];

/// The band of a tone, which is not filtered.
const WHOLE: Band = Band { from: 20.0, to: 20_000.0, edge: 0.707 };

const fn tone(from: f32, to: f32, glide: f32) -> LayerRecipe {
    let source = Source::Tone { from, to, glide, drive: 0.0 };
    LayerRecipe { source, band: WHOLE, shape: decay(0.1), level: 1.0, hardness: 0.0 }
}

const fn noise(from: f32, to: f32) -> LayerRecipe {
    let band = Band { from, to, edge: 0.707 };
    LayerRecipe { source: Source::Noise, band, shape: decay(0.1), level: 1.0, hardness: 0.0 }
}

const fn metal(hertz: [f32; SQUARES], from: f32, to: f32, edge: f32) -> LayerRecipe {
    let band = Band { from, to, edge };
    LayerRecipe { source: Source::Metal(hertz), band, shape: decay(0.1), level: 1.0, hardness: 0.0 }
}

const fn decay(seconds: f32) -> EnvelopeTimes {
    EnvelopeTimes { delay: 0.0, attack: 0.0, hold: 0.0, decay: seconds }
}

const KICK: [LayerRecipe; 3] = [
    LayerRecipe {
        source: Source::Tone { from: 240.0, to: 49.0, glide: 0.13, drive: 0.5 },
        shape: EnvelopeTimes { delay: 0.0, attack: 0.0, hold: 0.045, decay: 0.42 },
        ..tone(0.0, 0.0, 0.0)
    },
    LayerRecipe { shape: decay(0.035), level: 0.45, hardness: 0.6, ..tone(1_900.0, 260.0, 0.022) },
    LayerRecipe { shape: decay(0.016), level: 0.85, hardness: 0.9, ..noise(1_800.0, 9_000.0) },
];

const SNARE: [LayerRecipe; 4] = [
    LayerRecipe {
        source: Source::Tone { from: 370.0, to: 188.0, glide: 0.045, drive: 0.25 },
        shape: EnvelopeTimes { delay: 0.0, attack: 0.0, hold: 0.006, decay: 0.17 },
        level: 0.7,
        ..tone(0.0, 0.0, 0.0)
    },
    LayerRecipe { shape: decay(0.09), level: 0.24, ..tone(520.0, 334.0, 0.03) },
    LayerRecipe { shape: decay(0.26), level: 1.25, hardness: 0.3, ..noise(1_300.0, 10_500.0) },
    LayerRecipe { shape: decay(0.035), level: 0.75, hardness: 0.9, ..noise(3_200.0, 19_000.0) },
];

const RIM: [LayerRecipe; 3] = [
    LayerRecipe { shape: decay(0.045), level: 0.8, ..tone(1_780.0, 1_720.0, 0.01) },
    LayerRecipe { shape: decay(0.06), level: 0.7, ..tone(560.0, 470.0, 0.015) },
    LayerRecipe { shape: decay(0.012), level: 0.9, hardness: 0.6, ..noise(2_000.0, 11_000.0) },
];

/// Four bursts a little apart, then reverberation.
const CLAP: [LayerRecipe; 5] = [
    clap(0.0, 0.03, 1.0),
    clap(0.0105, 0.03, 0.9),
    clap(0.0215, 0.03, 0.95),
    clap(0.0325, 0.16, 1.1),
    LayerRecipe {
        shape: EnvelopeTimes { delay: 0.034, attack: 0.004, hold: 0.0, decay: 0.42 },
        level: 0.22,
        ..noise(1_400.0, 7_000.0)
    },
];

const fn clap(delay: f32, seconds: f32, level: f32) -> LayerRecipe {
    LayerRecipe {
        source: Source::Noise,
        band: Band { from: 980.0, to: 4_600.0, edge: 1.9 },
        shape: EnvelopeTimes { delay, attack: 0.0, hold: 0.0, decay: seconds },
        level,
        hardness: 0.0,
    }
}

const CLOSED_HAT: [LayerRecipe; 3] = [
    LayerRecipe { shape: decay(0.11), level: 3.4, ..metal(PLATE, 6_300.0, 19_000.0, 1.0) },
    LayerRecipe { shape: decay(0.06), level: 0.2, ..noise(7_000.0, 19_000.0) },
    LayerRecipe { shape: decay(0.012), level: 0.55, hardness: 0.9, ..noise(5_000.0, 19_000.0) },
];

const OPEN_HAT: [LayerRecipe; 3] = [
    LayerRecipe {
        shape: EnvelopeTimes { delay: 0.0, attack: 0.0, hold: 0.03, decay: 0.62 },
        level: 3.2,
        ..metal(PLATE, 6_000.0, 19_000.0, 1.0)
    },
    LayerRecipe { shape: decay(0.5), level: 0.26, ..noise(7_000.0, 19_000.0) },
    LayerRecipe { shape: decay(0.014), level: 0.5, hardness: 0.9, ..noise(5_000.0, 19_000.0) },
];

/// A skin, its overtone and the stick.
const fn tom(hertz: f32, seconds: f32) -> [LayerRecipe; 3] {
    [
        LayerRecipe {
            source: Source::Tone { from: 1.75 * hertz, to: hertz, glide: 0.14, drive: 0.25 },
            shape: EnvelopeTimes { delay: 0.0, attack: 0.0, hold: 0.02, decay: seconds },
            level: 1.0,
            ..tone(0.0, 0.0, 0.0)
        },
        LayerRecipe { shape: decay(0.35 * seconds), level: 0.28, ..tone(2.4 * hertz, 1.59 * hertz, 0.08) },
        LayerRecipe { shape: decay(0.03), level: 0.8, hardness: 0.8, ..noise(700.0, 6_500.0) },
    ]
}

const LOW_TOM: [LayerRecipe; 3] = tom(82.0, 0.55);
const MID_TOM: [LayerRecipe; 3] = tom(117.0, 0.48);
const HIGH_TOM: [LayerRecipe; 3] = tom(163.0, 0.42);

const CRASH: [LayerRecipe; 4] = [
    LayerRecipe { shape: decay(1.9), level: 1.5, ..metal(BIG_PLATE, 3_200.0, 19_000.0, 0.707) },
    LayerRecipe { shape: decay(2.4), level: 0.7, ..noise(4_000.0, 11_500.0) },
    LayerRecipe { shape: decay(0.32), level: 0.6, hardness: 0.4, ..noise(2_200.0, 11_000.0) },
    LayerRecipe { shape: decay(0.02), level: 0.5, hardness: 0.9, ..noise(1_500.0, 9_000.0) },
];

const RIDE: [LayerRecipe; 4] = [
    LayerRecipe { shape: decay(1.2), level: 2.2, ..metal(BIG_PLATE, 6_500.0, 19_000.0, 0.707) },
    LayerRecipe { shape: decay(0.55), level: 0.75, ..metal(PLATE, 3_600.0, 5_600.0, 1.6) },
    LayerRecipe { shape: decay(0.45), level: 0.09, hardness: 0.5, ..tone(2_960.0, 2_950.0, 0.01) },
    LayerRecipe { shape: decay(0.016), level: 0.8, hardness: 0.7, ..noise(4_000.0, 19_000.0) },
];

/// Two square waves a little over a fifth apart, as in the classic drum machine.
const COWBELL: [LayerRecipe; 2] = [
    LayerRecipe { shape: decay(0.07), level: 1.0, hardness: 0.3, ..metal(BELL, 560.0, 4_500.0, 1.2) },
    LayerRecipe { shape: decay(0.38), level: 0.75, ..metal(BELL, 560.0, 3_000.0, 1.2) },
];
const BELL: [f32; SQUARES] = [545.0, 815.0, 0.0, 0.0, 0.0, 0.0];

/// Two movements of the beads.
const SHAKER: [LayerRecipe; 2] = [
    LayerRecipe {
        shape: EnvelopeTimes { delay: 0.0, attack: 0.009, hold: 0.0, decay: 0.055 },
        level: 1.1,
        ..noise(3_600.0, 10_500.0)
    },
    LayerRecipe {
        shape: EnvelopeTimes { delay: 0.016, attack: 0.012, hold: 0.0, decay: 0.085 },
        level: 1.4,
        ..noise(4_400.0, 11_000.0)
    },
];

/// A high conga, open.
const PERCUSSION: [LayerRecipe; 3] = [
    LayerRecipe {
        source: Source::Tone { from: 430.0, to: 338.0, glide: 0.05, drive: 0.15 },
        shape: EnvelopeTimes { delay: 0.0, attack: 0.0, hold: 0.008, decay: 0.28 },
        ..tone(0.0, 0.0, 0.0)
    },
    LayerRecipe { shape: decay(0.09), level: 0.3, ..tone(900.0, 770.0, 0.03) },
    LayerRecipe { shape: decay(0.02), level: 0.6, hardness: 0.8, ..noise(1_300.0, 7_000.0) },
];

const HATS: u16 = 1 << 4 | 1 << 5;

const fn drum(layers: &'static [LayerRecipe], level: f32, pan: f32) -> DrumRecipe {
    DrumRecipe { layers, level, pan, rings_on: 0.0, chokes: 0 }
}

/// All drums, by instrument.
pub(crate) static RECIPES: [DrumRecipe; INSTRUMENTS] = [
    drum(&KICK, 0.45, 0.0),
    drum(&SNARE, 0.31, 0.0),
    drum(&RIM, 0.26, 0.12),
    drum(&CLAP, 0.42, -0.08),
    DrumRecipe { chokes: HATS, ..drum(&CLOSED_HAT, 0.24, 0.22) },
    DrumRecipe { chokes: HATS, ..drum(&OPEN_HAT, 0.2, 0.22) },
    drum(&LOW_TOM, 0.36, 0.35),
    drum(&MID_TOM, 0.4, 0.0),
    drum(&HIGH_TOM, 0.34, -0.35),
    DrumRecipe { rings_on: 0.25, ..drum(&CRASH, 0.25, -0.3) },
    DrumRecipe { rings_on: 0.2, ..drum(&RIDE, 0.2, 0.4) },
    drum(&COWBELL, 0.15, 0.18),
    drum(&SHAKER, 0.2, -0.4),
    drum(&PERCUSSION, 0.36, -0.25),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_fits_into_a_voice() {
        for recipe in &RECIPES {
            assert!((1..=LAYERS).contains(&recipe.layers.len()));
        }
    }
}

//! The song's position as VST3 tells it.

use crate::hosts::Position;
use vst3::Steinberg::Vst::ProcessContext;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::{
    kBarPositionValid, kContTimeValid, kCycleActive, kCycleValid, kPlaying, kProjectTimeMusicValid,
    kTempoValid, kTimeSigValid,
};

/// The context of a block that starts at `position`, `steady` samples after activation.
pub(super) fn context(position: &Position, rate: f64, steady: u64) -> ProcessContext {
    // SAFETY: the context is plain numbers, for which zero is a value.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.state =
        (kTempoValid | kTimeSigValid | kProjectTimeMusicValid | kBarPositionValid | kContTimeValid) as u32;
    if position.rolling {
        context.state |= kPlaying as u32;
    }
    if let Some(range) = &position.loop_range {
        context.state |= (kCycleActive | kCycleValid) as u32;
        context.cycleStartMusic = range.start;
        context.cycleEndMusic = range.end;
    }
    context.sampleRate = rate;
    context.projectTimeSamples = position.samples;
    context.continousTimeSamples = steady as i64;
    context.projectTimeMusic = position.beats;
    context.barPositionMusic = position.bar_start;
    context.tempo = position.tempo;
    context.timeSigNumerator = i32::from(position.time_signature.0);
    context.timeSigDenominator = i32::from(position.time_signature.1);
    context
}

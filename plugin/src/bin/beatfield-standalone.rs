//! Beatfield without a DAW: the same window, with a transport of its own in it, on JACK or ALSA and with
//! MIDI out. `--help` lists what the framework lets one choose: backend, devices, ports, sample rate.

use std::process::ExitCode;

use beatfield::Beatfield;
use nice_plug::prelude::nice_export_standalone;

fn main() -> ExitCode {
    scale_the_window();
    if nice_export_standalone::<Beatfield>() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says on Windows that this program scales its window itself; else the system stretches the picture, at 150 % say.
/// Only the first call of a process counts, and opening the sound makes one, so it comes before all else.
#[allow(unsafe_code, reason = "a call that a plugin must not make, since it changes the whole process")]
fn scale_the_window() {
    // SAFETY: this is a program of its own, with no other windows than Beatfield's.
    unsafe { nice_plug_egui::baseview::assume_standalone_in_process() }
}

//! Beatfield without a DAW: the same window, with a transport of its own in it, on JACK or ALSA and with
//! MIDI out. `--help` lists what the framework lets one choose: backend, devices, ports, sample rate.

use std::process::ExitCode;

use beatfield::Beatfield;
use nice_plug::prelude::nice_export_standalone;

fn main() -> ExitCode {
    if nice_export_standalone::<Beatfield>() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

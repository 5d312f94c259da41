//! `soak`: the sequencer against the playback contract, for as many random blocks as one likes.

use crate::child::{self, Arguments};

/// Runs the proof in a release build: ten million blocks take half a minute there.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    child::build_release("proof")?;
    let mut proof = child::cargo();
    proof.args(["run", "--quiet", "--release", "--package", "proof", "--", "soak"]).args(arguments.words());
    child::run(&mut proof, "the soak")
}

//! Makes a failing script as short and as plain as it goes, so that the finding can be read.

use crate::script::Script;

/// Tries at most.
const MOST_TRIES: usize = 4000;

/// The plainest script found that still fails, starting from one that does.
pub fn shrink(script: &Script, fails: impl Fn(&Script) -> bool) -> Script {
    let mut best = script.clone();
    let mut tries = 0;
    let mut attempt = |best: &mut Script, candidate: Script| {
        tries += 1;
        let better = tries <= MOST_TRIES && candidate != *best && fails(&candidate);
        if better {
            *best = candidate;
        }
        better
    };
    let mut chunk = best.blocks.len();
    while chunk > 0 {
        let mut at = 0;
        while at < best.blocks.len() {
            let mut candidate = best.clone();
            candidate.blocks.drain(at..(at + chunk).min(best.blocks.len()));
            if !attempt(&mut best, candidate) {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    for block in 0..=best.blocks.len() {
        // The head comes last.
        let words = |script: &Script| script.blocks.get(block).unwrap_or(&script.head).clone();
        for word in 0..words(&best).len() {
            for plainer in [0, words(&best)[word] % 8, words(&best)[word] & 0xFFFF] {
                let mut candidate = best.clone();
                candidate.blocks.get_mut(block).unwrap_or(&mut candidate.head)[word] = plainer;
                if attempt(&mut best, candidate) {
                    break;
                }
            }
        }
    }
    best
}

//! What the machine must have before `test` begins, so that nobody waits ten minutes for the news.

use std::process::{Command, Stdio};

use anyhow::bail;

/// A program that answers to `--version`, and how one gets it.
struct Tool {
    call: &'static [&'static str],
    get: &'static str,
}

const EVERYWHERE: [Tool; 2] = [
    Tool { call: &["cargo", "fmt"], get: "rustup component add rustfmt" },
    Tool { call: &["cargo", "clippy"], get: "rustup component add clippy" },
];

const ON_LINUX: [Tool; 2] = [
    Tool { call: &["cc"], get: "apt-get install gcc libc6-dev (or your system's C compiler)" },
    Tool { call: &["pkg-config"], get: "apt-get install pkg-config" },
];

/// Fails with the whole list of what is missing and how to install it.
pub(crate) fn require() -> anyhow::Result<()> {
    let on_linux = if cfg!(target_os = "linux") { &ON_LINUX[..] } else { &[] };
    let missing: Vec<String> = EVERYWHERE
        .iter()
        .chain(on_linux)
        .filter(|tool| !answers(tool.call))
        .map(|tool| format!("\n  {}: {}", tool.call.join(" "), tool.get))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("this machine lacks what the tests need. Install it and try again:{}", missing.concat())
}

fn answers(call: &[&str]) -> bool {
    let mut command = Command::new(call[0]);
    command.args(&call[1..]).arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

//! `rig window`: starts any program under Xvfb, sends its window mouse and keyboard input, and takes a screenshot.
//! With Wine in front, that is a Windows program.

use std::ffi::OsString;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct WindowArgs {
    /// The part of the screen that is looked at, from its upper left corner
    #[arg(long, value_name = "WxH", value_parser = super::shot::size, default_value = "1400x1000")]
    size: (u32, u32),
    /// Mouse and keyboard input once the window is drawn, for example "move 300 200; press; release; beats 1"
    #[arg(long, value_name = "SCRIPT", default_value = "")]
    script: String,
    /// Where to write the screenshot
    #[arg(long, value_name = "FILE", default_value = "window.png")]
    out: PathBuf,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<OsString>,
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_options: &WindowArgs) -> anyhow::Result<()> {
    anyhow::bail!("programs are started under Xvfb, so on Linux only")
}

#[cfg(target_os = "linux")]
pub(crate) use linux::run;

#[cfg(target_os = "linux")]
mod linux {
    use super::WindowArgs;
    use anyhow::{Context, bail};
    use rig::desktop::{Display, FakeInput, InputAction, Screenshot};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    /// How long the window may take to be drawn; Wine itself takes a while.
    const TIMEOUT: Duration = Duration::from_secs(90);
    /// Between two looks, and two actions: some frames.
    const PAUSE: Duration = Duration::from_millis(250);
    /// A beat of a script, as the song plays at 120 BPM.
    const BEAT_SECONDS: f64 = 0.5;
    /// Equal screenshots in a row that count as drawn.
    const STILL: u32 = 5;

    pub(crate) fn run(args: &WindowArgs) -> anyhow::Result<()> {
        let actions = InputAction::parse_all(&args.script)?;
        let display = Display::start(args.size.0, args.size.1)?;
        let (name, words) = args.program.split_first().context("a program is wanted")?;
        let mut program = Command::new(name);
        program.args(words).env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY");
        let program = program.stdin(Stdio::null()).spawn();
        let mut program = Running(program.with_context(|| format!("{} cannot be started", name.display()))?);
        let look = || Screenshot::take_on(Some(display.name()), args.size.0, args.size.1);
        drawn(&mut program.0, look)?;
        let input = FakeInput::on(Some(display.name()))?;
        for action in actions {
            action.perform(&input)?;
            let beats = if let InputAction::Beats(beats) = action { beats } else { 0.0 };
            std::thread::sleep(PAUSE + Duration::from_secs_f64(beats * BEAT_SECONDS));
        }
        look()?.write(&args.out)?;
        println!("{}", args.out.display());
        Ok(())
    }

    /// Ends the program when dropped.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            if self.0.kill().is_ok() {
                drop(self.0.wait());
            }
        }
    }

    /// Waits until five screenshots in a row show the same, and something.
    fn drawn(program: &mut Child, look: impl Fn() -> anyhow::Result<Screenshot>) -> anyhow::Result<()> {
        let start = Instant::now();
        let (mut last, mut same) = (look()?, 0);
        while start.elapsed() < TIMEOUT {
            std::thread::sleep(PAUSE);
            if let Some(status) = program.try_wait().context("waiting for the program")? {
                bail!("the program ended with {status} before its window was drawn");
            }
            let picture = look()?;
            same = if picture == last && picture.shows_something() { same + 1 } else { 0 };
            if same == STILL {
                return Ok(());
            }
            last = picture;
        }
        bail!("no window was drawn within {} s", TIMEOUT.as_secs())
    }
}

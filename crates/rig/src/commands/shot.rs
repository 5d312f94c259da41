//! `rig shot`: a screenshot of the plugin's window in a host.

use std::path::PathBuf;

#[derive(clap::Args, Clone)]
pub(crate) struct ShotArgs {
    /// The .clap or .vst3 bundle
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Where the puck stands, left to right, 0 to 1
    #[arg(long, default_value_t = 0.5)]
    x: f32,
    /// Where the puck stands, bottom to top, 0 to 1
    #[arg(long, default_value_t = 0.5)]
    y: f32,
    /// The temperature, 0 to 1.5
    #[arg(long, default_value_t = 0.4)]
    temperature: f32,
    /// Where to write the screenshot
    #[arg(long, value_name = "FILE", default_value = "shot.png")]
    out: PathBuf,
    /// The window's size in pixels, for example 640x480; the plugin's own if not given
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// The scale factor, for example 2 for 200 %
    #[arg(long)]
    scale: Option<f64>,
    /// Beats that the host plays before the script begins; 0 leaves it stopped
    #[arg(long, default_value_t = 4.0)]
    beats: f64,
    /// Another parameter and its value, for example --set "Orbit=On"
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Mouse and keyboard input then, for example "move 300 200; press; move 400 300; beats 1"
    #[arg(long, value_name = "SCRIPT", default_value = "")]
    script: String,
    /// Stay on the display that DISPLAY names instead of starting one
    #[arg(long)]
    here: bool,
}

pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let both = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    both.filter(|(w, h)| (64..=8192).contains(w) && (64..=8192).contains(h))
        .ok_or_else(|| "a size is written as 960x800, each between 64 and 8192".to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_options: &ShotArgs) -> anyhow::Result<()> {
    anyhow::bail!("screenshots of the window are taken under Xvfb, so on Linux only")
}

#[cfg(target_os = "linux")]
pub(crate) use linux::run;

#[cfg(target_os = "linux")]
mod linux {
    use super::ShotArgs;
    use anyhow::{Context, bail};
    use rig::desktop::{Display, FakeInput, InputAction, Screenshot};
    use rig::hosts::RequestedSize;
    use rig::{Bundle, Mode, Session, Setup};
    use std::process::Command;
    use std::time::{Duration, Instant};

    /// The screen: room for 200 %.
    const SCREEN: (u32, u32) = (2560, 2048);
    /// How long the window may take until it stops changing.
    const TIMEOUT: Duration = Duration::from_secs(20);
    /// Equal screenshots in a row that count as no change.
    const STILL: u32 = 5;
    const RATE: f64 = 48_000.0;
    const FRAMES: u32 = 480;
    const TEMPO: f64 = 120.0;

    pub(crate) fn run(args: &ShotArgs) -> anyhow::Result<()> {
        if args.here {
            return shoot(args);
        }
        InputAction::parse_all(&args.script)?;
        let display = Display::start(SCREEN.0, SCREEN.1)?;
        // The window's toolkit reads DISPLAY, so a child process that has it does the work.
        let this = std::env::current_exe().context("the path of the rig's own program")?;
        let mut again = Command::new(this);
        again.args(std::env::args_os().skip(1)).arg("--here").env("DISPLAY", display.name());
        again.env_remove("WAYLAND_DISPLAY");
        let status = again.status().context("the rig could not start itself")?;
        if !status.success() {
            bail!("the rig under the display ended with {status}; its output stands above");
        }
        Ok(())
    }

    fn shoot(args: &ShotArgs) -> anyhow::Result<()> {
        let bundle = Bundle::load(&args.bundle)?;
        let mut instance = bundle.create()?;
        let size = RequestedSize { pixels: args.size, scale: args.scale, ..Default::default() };
        let (width, height) = instance.open_window("Beatfield", size)?;
        let setup = Setup { rate: RATE, ..Setup::new(Mode::Realtime) };
        let mut session = Session::start(&mut instance, setup, TEMPO)?;
        for (name, value) in [("X", args.x), ("Y", args.y), ("Temperature", args.temperature)] {
            session.set_text(name, &value.to_string())?;
        }
        for setting in &args.set {
            let (name, value) = setting.split_once('=').context("--set takes NAME=VALUE")?;
            session.set_text(name, value)?;
        }
        session.render_realtime(0.5, FRAMES)?;
        settled(&mut session, (width, height))?;
        if args.beats > 0.0 {
            session.transport().play();
            session.render_realtime(args.beats, FRAMES)?;
        }
        let input = FakeInput::new()?;
        for action in InputAction::parse_all(&args.script)? {
            action.perform(&input)?;
            // Between two actions the window draws some frames, as under a real hand.
            session
                .render_realtime(if let InputAction::Beats(beats) = action { beats } else { 0.15 }, FRAMES)?;
        }
        let picture = settled(&mut session, (width, height))?;
        session.finish()?;
        picture.write(&args.out)?;
        println!("{} ({width} x {height})", args.out.display());
        Ok(())
    }

    /// Waits with the song stopped until five screenshots in a row are equal, a quarter of a second apart: a
    /// debug build takes a while to draw the map.
    fn settled(session: &mut Session<'_>, (width, height): (u32, u32)) -> anyhow::Result<Screenshot> {
        let start = Instant::now();
        let (mut last, mut same) = (Screenshot::take(width, height)?, 0);
        while start.elapsed() < TIMEOUT {
            session.wait_without_blocks(Duration::from_millis(250));
            let picture = Screenshot::take(width, height)?;
            same = if picture == last && picture.shows_something() { same + 1 } else { 0 };
            if same == STILL {
                return Ok(picture);
            }
            last = picture;
        }
        bail!("the window did not stop changing within {} s", TIMEOUT.as_secs())
    }
}

//! `rig shot`: a picture of the plugin's window, as it looks in a host.

use std::path::PathBuf;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// The .clap bundle
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
    /// Where to write the picture
    #[arg(long, value_name = "FILE", default_value = "shot.png")]
    out: PathBuf,
    /// The window's size in pixels, for example 640x480; the plugin's own if not given
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Pixels for one of a plain screen, for example 2 for 200 %
    #[arg(long)]
    scale: Option<f64>,
    /// Beats that the host plays before the hand begins; 0 leaves it stopped
    #[arg(long, default_value_t = 4.0)]
    beats: f64,
    /// Another parameter and its value, for example --set "Orbit=On"
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// What a hand does then, for example "move 300 200; press; move 400 300; beats 1"
    #[arg(long, value_name = "SCRIPT", default_value = "")]
    hand: String,
    /// Stay on the display that DISPLAY names instead of starting one
    #[arg(long)]
    here: bool,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let both = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    both.filter(|(w, h)| (64..=8192).contains(w) && (64..=8192).contains(h))
        .ok_or_else(|| "a size is written as 960x800, each between 64 and 8192".to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_options: &Options) -> anyhow::Result<()> {
    anyhow::bail!("pictures of the window are taken under Xvfb, so on Linux only")
}

#[cfg(target_os = "linux")]
pub(crate) use linux::run;

#[cfg(target_os = "linux")]
mod linux {
    use super::Options;
    use anyhow::{Context, bail};
    use rig::desktop::{Act, Display, Hand, Picture};
    use rig::hosts::clap::{Bundle, WindowSize};
    use rig::{Mode, Session, Setup};
    use std::process::Command;
    use std::time::{Duration, Instant};

    /// The screen: room for 200 %.
    const SCREEN: (u32, u32) = (2560, 2048);
    /// How long the window may take to stand still.
    const PATIENCE: Duration = Duration::from_secs(20);
    /// How often it has to show the same.
    const STILL: u32 = 5;
    const RATE: f64 = 48_000.0;
    const FRAMES: u32 = 480;
    const TEMPO: f64 = 120.0;

    pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
        if options.here {
            return shoot(options);
        }
        Act::parse_all(&options.hand)?;
        let display = Display::start(SCREEN.0, SCREEN.1)?;
        // The window's toolkit reads DISPLAY, so the work is done by a process that is born with it.
        let this = std::env::current_exe().context("the rig cannot tell where it lies")?;
        let mut again = Command::new(this);
        again.args(std::env::args_os().skip(1)).arg("--here").env("DISPLAY", display.name());
        again.env_remove("WAYLAND_DISPLAY");
        let status = again.status().context("the rig cannot start itself")?;
        if !status.success() {
            bail!("the rig under the display ended with {status}; what it says stands above");
        }
        Ok(())
    }

    fn shoot(options: &Options) -> anyhow::Result<()> {
        let bundle = Bundle::load(&options.bundle)?;
        let mut instance = bundle.create()?;
        let size = WindowSize { pixels: options.size, scale: options.scale };
        let (width, height) = instance.open_window("Beatfield", size)?;
        let setup = Setup { rate: RATE, ..Setup::new(Mode::Realtime) };
        let mut session = Session::start(&mut instance, setup, TEMPO)?;
        for (name, value) in [("X", options.x), ("Y", options.y), ("Temperature", options.temperature)] {
            session.set_text(name, &value.to_string())?;
        }
        for wish in &options.set {
            let (name, value) = wish.split_once('=').context("--set takes NAME=VALUE")?;
            session.set_text(name, value)?;
        }
        roll(&mut session, 0.5)?;
        stand_still(&mut session, (width, height))?;
        if options.beats > 0.0 {
            session.transport().play();
            roll(&mut session, options.beats)?;
        }
        let hand = Hand::new()?;
        for act in Act::parse_all(&options.hand)? {
            act.perform(&hand)?;
            // A hand is slower than a computer: each act has frames of its own.
            roll(&mut session, if let Act::Beats(beats) = act { beats } else { 0.15 })?;
        }
        let picture = stand_still(&mut session, (width, height))?;
        session.finish()?;
        picture.write(&options.out)?;
        println!("{} ({width} x {height})", options.out.display());
        Ok(())
    }

    /// Plays in real time, as a host does while somebody watches.
    fn roll(session: &mut Session<'_>, beats: f64) -> anyhow::Result<()> {
        let (start, seconds) = (Instant::now(), beats * 60.0 / TEMPO);
        let blocks = (seconds * RATE / f64::from(FRAMES)).ceil() as u32;
        for block in 1..=blocks {
            session.render(FRAMES)?;
            let due = Duration::from_secs_f64(f64::from(block * FRAMES) / RATE);
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
        Ok(())
    }

    /// Holds the song until the window shows the same five times, a quarter of a second apart: the picture
    /// of the map takes a debug build a while.
    fn stand_still(session: &mut Session<'_>, (width, height): (u32, u32)) -> anyhow::Result<Picture> {
        let start = Instant::now();
        let (mut last, mut same) = (Picture::take(width, height)?, 0);
        while start.elapsed() < PATIENCE {
            hold(session)?;
            let picture = Picture::take(width, height)?;
            same = if picture == last && picture.shows_something() { same + 1 } else { 0 };
            if same == STILL {
                return Ok(picture);
            }
            last = picture;
        }
        bail!("the window has shown no still picture within {} s", PATIENCE.as_secs())
    }

    /// A quarter of a second in which the song does not move.
    fn hold(session: &mut Session<'_>) -> anyhow::Result<()> {
        session.instance().idle();
        std::thread::sleep(Duration::from_millis(250));
        session.instance().idle();
        Ok(())
    }
}

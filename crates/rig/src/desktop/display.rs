//! An X server without a screen.

use super::DesktopError;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running Xvfb; dropping it ends the server.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts a server with one screen of this size, on a number that it chooses itself.
    ///
    /// # Errors
    /// There is no Xvfb, or it does not start.
    pub fn start(width: u32, height: u32) -> Result<Self, DesktopError> {
        let screen = format!("{width}x{height}x24");
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", &screen, "+extension", "GLX", "-nolisten", "tcp"]);
        let mut server = match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(server) => server,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(DesktopError::NoServer),
            Err(error) => return Err(DesktopError::Server(error.to_string())),
        };
        // It writes its number once it takes connections.
        let mut number = String::new();
        if let Some(said) = server.stdout.take() {
            let read = BufReader::new(said).read_line(&mut number);
            read.map_err(|error| DesktopError::Server(error.to_string()))?;
        }
        let display = Self { server, name: format!(":{}", number.trim()) };
        if number.trim().is_empty() {
            return Err(DesktopError::Server("it ended at once".to_owned()));
        }
        Ok(display)
    }

    /// What `DISPLAY` has to be for whoever wants to be on it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // One that has already ended needs no end.
        if self.server.kill().is_ok() {
            drop(self.server.wait());
        }
    }
}

//! The source's side of the XDND protocol, version 5, on an X11 connection of its own. Runs on the drag's
//! thread.
//!
//! The toolkit's connection grabs the pointer while the button is down, so it cannot be grabbed here: its
//! position is polled a hundred times a second, and the drop is where the button is released.

mod xdnd;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt, KeyButMask};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::{DragError, DragOutcome};
use xdnd::{Atoms, DropTarget, Offer, target_at};

/// How often the pointer is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(8);
/// How long the other program may take to fetch the file after the drop.
const TIMEOUT: Duration = Duration::from_secs(5);

impl From<ConnectionError> for DragError {
    fn from(error: ConnectionError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<ReplyError> for DragError {
    fn from(error: ReplyError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<ReplyOrIdError> for DragError {
    fn from(error: ReplyOrIdError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Drags `file` until the button is released, and delivers it.
pub(crate) fn drag_file(file: &Path, stop: &AtomicBool) -> Result<DragOutcome, DragError> {
    let (connection, screen) =
        x11rb::connect(None).map_err(|error| DragError::NoDisplay(error.to_string()))?;
    let atoms = Atoms::new(&connection)?.reply()?;
    let root = connection.setup().roots[screen].root;
    let offer = Offer::make(&connection, atoms, root, file)?;
    let mut drag =
        DragState { connection: &connection, atoms, root, offer, over: None, finished: false, lost: false };
    let outcome = drag.follow_pointer(stop);
    if outcome.is_err() || !drag.finished {
        drag.leave()?;
    }
    // Waits for the server: closing at once could lose the last messages.
    connection.sync()?;
    outcome
}

/// The state of a drag.
struct DragState<'a> {
    connection: &'a RustConnection,
    atoms: Atoms,
    root: u32,
    offer: Offer,
    /// The window under the pointer.
    over: Option<DropTarget>,
    /// The target has fetched the file.
    finished: bool,
    /// Another program has started a drag.
    lost: bool,
}

impl DragState<'_> {
    fn follow_pointer(&mut self, stop: &AtomicBool) -> Result<DragOutcome, DragError> {
        loop {
            self.handle_events()?;
            if stop.load(Ordering::Relaxed) || self.lost {
                return Err(DragError::GivenUp);
            }
            let pointer = self.connection.query_pointer(self.root)?.reply()?;
            if !pointer.mask.contains(KeyButMask::BUTTON1) {
                return self.drop_file(stop);
            }
            self.move_to(pointer.root_x, pointer.root_y)?;
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Sends the position to the window under the pointer, and a leave message to the one before.
    fn move_to(&mut self, x: i16, y: i16) -> Result<(), DragError> {
        let window = target_at(self.connection, &self.atoms, self.root, x, y)?;
        if self.over.as_ref().map(|target| target.window) != window.map(|found| found.0) {
            self.leave()?;
            self.over = window.map(|(window, version)| DropTarget::new(window, version));
            if let Some(target) = &self.over {
                target.enter(self.connection, &self.atoms, &self.offer)?;
            }
        }
        if let Some(target) = &mut self.over {
            target.position(self.connection, &self.atoms, &self.offer, x, y)?;
        }
        self.connection.flush()?;
        Ok(())
    }

    fn leave(&mut self) -> Result<(), DragError> {
        match self.over.take() {
            Some(target) => target.leave(self.connection, &self.atoms, &self.offer),
            None => Ok(()),
        }
    }

    /// After the release: drops the file on a target that accepts it.
    fn drop_file(&mut self, stop: &AtomicBool) -> Result<DragOutcome, DragError> {
        // The target's last status may still be on its way.
        let deadline = Instant::now() + TIMEOUT;
        while self.over.as_ref().is_some_and(DropTarget::awaits_status) && Instant::now() < deadline {
            self.handle_events_and_wait(stop)?;
        }
        let Some(target) = self.over.as_ref().filter(|target| target.takes()) else {
            return Ok(DragOutcome::Nowhere);
        };
        target.drop_on(self.connection, &self.atoms, &self.offer)?;
        self.connection.flush()?;
        let deadline = Instant::now() + TIMEOUT;
        while !self.finished {
            self.handle_events_and_wait(stop)?;
            if Instant::now() > deadline {
                return Err(DragError::Broken("the other program did not fetch the file".into()));
            }
        }
        Ok(DragOutcome::Dropped)
    }

    fn handle_events_and_wait(&mut self, stop: &AtomicBool) -> Result<(), DragError> {
        if stop.load(Ordering::Relaxed) || self.lost {
            return Err(DragError::GivenUp);
        }
        self.handle_events()?;
        std::thread::sleep(POLL_INTERVAL);
        Ok(())
    }

    /// Handles all pending events.
    fn handle_events(&mut self) -> Result<(), DragError> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::ClientMessage(message) => self.on_message(&message),
                Event::SelectionRequest(request) => {
                    self.offer.respond(self.connection, &self.atoms, &request)?;
                }
                Event::SelectionClear(_) => self.lost = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn on_message(&mut self, message: &ClientMessageEvent) {
        let [window, flags, ..] = message.data.as_data32();
        let Some(target) = self.over.as_mut().filter(|target| target.window == window) else { return };
        if message.type_ == self.atoms.XdndStatus {
            target.on_status(flags & 1 == 1);
        } else if message.type_ == self.atoms.XdndFinished {
            self.finished = true;
        }
    }
}

//! The window that the pointer is over, and what it is told.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask};
use x11rb::rust_connection::RustConnection;

use super::atoms::Atoms;
use super::offer::Offer;
use crate::DragError;

/// The version that we speak.
const VERSION: u32 = 5;
/// Windows within windows that are searched at most.
const DEEPEST: usize = 32;

/// A window that takes part in the protocol.
pub(super) struct Target {
    pub(super) window: u32,
    version: u32,
    /// Whether it said that it takes the file.
    takes: bool,
    /// Whether it has not yet answered where the pointer is.
    asked: bool,
    /// The place that it was told last, packed as the protocol does.
    told: Option<u32>,
}

/// The window under a place of the root window that takes part, with the version it speaks.
pub(super) fn target_at(
    connection: &RustConnection,
    atoms: &Atoms,
    root: u32,
    x: i16,
    y: i16,
) -> Result<Option<(u32, u32)>, DragError> {
    let mut window = root;
    for _ in 0..DEEPEST {
        // A window may go while one looks at it: then there is nothing there.
        let Ok(place) = connection.translate_coordinates(root, window, x, y)?.reply() else { break };
        if place.child == x11rb::NONE {
            break;
        }
        window = place.child;
        let aware = connection.get_property(false, window, atoms.XdndAware, AtomEnum::ATOM, 0, 1)?;
        let Ok(aware) = aware.reply() else { break };
        if let Some(version) = aware.value32().and_then(|mut versions| versions.next()) {
            return Ok(Some((window, version.min(VERSION))));
        }
    }
    Ok(None)
}

impl Target {
    pub(super) fn new(window: u32, version: u32) -> Self {
        Self { window, version, takes: false, asked: false, told: None }
    }

    pub(super) fn takes(&self) -> bool {
        self.takes
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked
    }

    pub(super) fn hear_status(&mut self, takes: bool) {
        self.takes = takes;
        self.asked = false;
    }

    pub(super) fn enter(
        &self,
        connection: &RustConnection,
        atoms: &Atoms,
        offer: &Offer,
    ) -> Result<(), DragError> {
        let data = [offer.window, self.version << 24, atoms.UriList, 0, 0];
        self.send(connection, atoms.XdndEnter, data)
    }

    /// Says where the pointer is, once the target has answered the last time.
    pub(super) fn position(
        &mut self,
        connection: &RustConnection,
        atoms: &Atoms,
        offer: &Offer,
        x: i16,
        y: i16,
    ) -> Result<(), DragError> {
        let place = u32::from(x.cast_unsigned()) << 16 | u32::from(y.cast_unsigned());
        if self.asked || self.told == Some(place) {
            return Ok(());
        }
        (self.asked, self.told) = (true, Some(place));
        let data = [offer.window, 0, place, offer.time, atoms.XdndActionCopy];
        self.send(connection, atoms.XdndPosition, data)
    }

    pub(super) fn leave(
        &self,
        connection: &RustConnection,
        atoms: &Atoms,
        offer: &Offer,
    ) -> Result<(), DragError> {
        self.send(connection, atoms.XdndLeave, [offer.window, 0, 0, 0, 0])
    }

    pub(super) fn drop_on(
        &self,
        connection: &RustConnection,
        atoms: &Atoms,
        offer: &Offer,
    ) -> Result<(), DragError> {
        self.send(connection, atoms.XdndDrop, [offer.window, 0, offer.time, 0, 0])
    }

    fn send(&self, connection: &RustConnection, type_: u32, data: [u32; 5]) -> Result<(), DragError> {
        let message = ClientMessageEvent::new(32, self.window, type_, data);
        // Unchecked: a window that has just gone is no failure of the drag.
        connection.send_event(false, self.window, EventMask::NO_EVENT, message)?.ignore_error();
        connection.flush()?;
        Ok(())
    }
}

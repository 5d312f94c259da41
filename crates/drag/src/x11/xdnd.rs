//! The XDND protocol, version 5: its atoms, the window under the pointer with the messages to it, and the
//! selection that offers the file as a URI list.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(super) use atoms::Atoms;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::DragError;

mod atoms {
    #![allow(
        missing_docs,
        unreachable_pub,
        reason = "the macro gives its fields neither docs nor narrower visibility"
    )]

    x11rb::atom_manager! {
        pub Atoms:
        AtomsCookie {
            XdndAware,
            XdndSelection,
            XdndEnter,
            XdndPosition,
            XdndStatus,
            XdndLeave,
            XdndDrop,
            XdndFinished,
            XdndActionCopy,
            TARGETS,
            UriList: b"text/uri-list",
            BeatfieldTime: b"_BEATFIELD_TIME",
        }
    }
}

/// The protocol version that we support.
const VERSION: u32 = 5;
/// The deepest nesting of windows that is searched.
const MAX_DEPTH: usize = 32;

/// A window that supports the protocol.
pub(super) struct DropTarget {
    pub(super) window: u32,
    version: u32,
    /// Whether its last status accepts the file.
    takes: bool,
    /// Whether its status for the last position is pending.
    awaits_status: bool,
    /// The last position sent to it, packed as in the protocol.
    last_position: Option<u32>,
}

/// The window at a point of the root window that supports the protocol, with the version to use.
pub(super) fn target_at(
    connection: &RustConnection,
    atoms: &Atoms,
    root: u32,
    x: i16,
    y: i16,
) -> Result<Option<(u32, u32)>, DragError> {
    let mut window = root;
    for _ in 0..MAX_DEPTH {
        // A window may close meanwhile: then there is no target.
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

impl DropTarget {
    pub(super) fn new(window: u32, version: u32) -> Self {
        Self { window, version, takes: false, awaits_status: false, last_position: None }
    }

    pub(super) fn takes(&self) -> bool {
        self.takes
    }

    pub(super) fn awaits_status(&self) -> bool {
        self.awaits_status
    }

    pub(super) fn on_status(&mut self, takes: bool) {
        self.takes = takes;
        self.awaits_status = false;
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

    /// Sends the pointer's position, unless a status is pending or it has not moved.
    pub(super) fn position(
        &mut self,
        connection: &RustConnection,
        atoms: &Atoms,
        offer: &Offer,
        x: i16,
        y: i16,
    ) -> Result<(), DragError> {
        let place = u32::from(x.cast_unsigned()) << 16 | u32::from(y.cast_unsigned());
        if self.awaits_status || self.last_position == Some(place) {
            return Ok(());
        }
        (self.awaits_status, self.last_position) = (true, Some(place));
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
        // Unchecked: a window that has just closed is no failure of the drag.
        connection.send_event(false, self.window, EventMask::NO_EVENT, message)?.ignore_error();
        connection.flush()?;
        Ok(())
    }
}

/// The selection that offers the file, and its owner.
pub(super) struct Offer {
    /// The owner: a window that is never shown.
    pub(super) window: u32,
    /// The server's time at the start of the drag.
    pub(super) time: u32,
    list: Vec<u8>,
}

impl Offer {
    pub(super) fn make(
        connection: &RustConnection,
        atoms: Atoms,
        root: u32,
        file: &Path,
    ) -> Result<Self, DragError> {
        let window = connection.generate_id()?;
        let listens = CreateWindowAux::new().override_redirect(1).event_mask(EventMask::PROPERTY_CHANGE);
        let (depth, visual) = (x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
        connection
            .create_window(
                depth,
                window,
                root,
                -10,
                -10,
                1,
                1,
                0,
                WindowClass::INPUT_OUTPUT,
                visual,
                &listens,
            )?
            .check()?;
        let time = server_time(connection, &atoms, window)?;
        connection.set_selection_owner(window, atoms.XdndSelection, time)?.check()?;
        Ok(Self { window, time, list: uri_list(file) })
    }

    /// Answers a request of a target: with the data, or that there is none of this type.
    pub(super) fn respond(
        &self,
        connection: &RustConnection,
        atoms: &Atoms,
        request: &SelectionRequestEvent,
    ) -> Result<(), DragError> {
        // Obsolete clients name no property and mean the target's.
        let property = if request.property == x11rb::NONE { request.target } else { request.property };
        let window = request.requestor;
        let given = if request.selection != atoms.XdndSelection {
            x11rb::NONE
        } else if request.target == atoms.UriList {
            connection.change_property8(PropMode::REPLACE, window, property, atoms.UriList, &self.list)?;
            property
        } else if request.target == atoms.TARGETS {
            let targets = [atoms.TARGETS, atoms.UriList];
            connection.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &targets)?;
            property
        } else {
            x11rb::NONE
        };
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: window,
            selection: request.selection,
            target: request.target,
            property: given,
        };
        connection.send_event(false, window, EventMask::NO_EVENT, notice)?.ignore_error();
        connection.flush()?;
        Ok(())
    }
}

/// The server's time, from the event of a property change.
fn server_time(connection: &RustConnection, atoms: &Atoms, window: u32) -> Result<u32, DragError> {
    connection.change_property8(PropMode::APPEND, window, atoms.BeatfieldTime, AtomEnum::STRING, &[])?;
    connection.flush()?;
    loop {
        if let Event::PropertyNotify(notice) = connection.wait_for_event()? {
            return Ok(notice.time);
        }
    }
}

/// What a file URI (RFC 3986) leaves unescaped in a path.
const UNESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A URI list (RFC 2483) of this file alone.
fn uri_list(file: &Path) -> Vec<u8> {
    format!("file://{}\r\n", percent_encode(file.as_os_str().as_bytes(), UNESCAPED)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_becomes_an_address() {
        let list = uri_list(Path::new("/home/me/Müsik/my beat 1.mid"));
        assert_eq!(
            String::from_utf8(list).as_deref(),
            Ok("file:///home/me/M%C3%BCsik/my%20beat%201.mid\r\n")
        );
    }
}

//! The protocol of drag and drop under X11 (XDND, version 5): its names, the window under the pointer and the
//! messages that it gets, and the file as a list of one URI in a selection that a window of ours owns.

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

/// The version that we speak.
const VERSION: u32 = 5;
/// Windows within windows that are searched at most.
const MAX_DEPTH: usize = 32;

/// A window that takes part in the protocol.
pub(super) struct DropTarget {
    pub(super) window: u32,
    version: u32,
    /// Whether it said that it takes the file.
    takes: bool,
    /// Whether it has not yet answered where the pointer is.
    awaits_status: bool,
    /// The place that it was told last, packed as the protocol does.
    last_position: Option<u32>,
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
    for _ in 0..MAX_DEPTH {
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
        // Unchecked: a window that has just gone is no failure of the drag.
        connection.send_event(false, self.window, EventMask::NO_EVENT, message)?.ignore_error();
        connection.flush()?;
        Ok(())
    }
}

/// The selection and who owns it.
pub(super) struct Offer {
    /// Never shown; it is only an address for answers.
    pub(super) window: u32,
    /// The server's time at which the drag began, which names it.
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

    /// Hands over what a target asks for, or says that there is no such thing.
    pub(super) fn answer(
        &self,
        connection: &RustConnection,
        atoms: &Atoms,
        request: &SelectionRequestEvent,
    ) -> Result<(), DragError> {
        // Old programs name no property and mean the target's.
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

/// What time it is for the server, told by a change of a property of ours.
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

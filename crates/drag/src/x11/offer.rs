//! What is offered: the file as a list of one address, in a selection that a window of ours owns.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, SelectionRequestEvent, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::atoms::Atoms;
use crate::DragError;

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
        Ok(Self { window, time, list: address_list(file) })
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

/// A list of addresses (RFC 2483) that holds this file alone.
fn address_list(file: &Path) -> Vec<u8> {
    let mut list = b"file://".to_vec();
    for byte in file.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => list.push(*byte),
            other => list.extend(format!("%{other:02X}").bytes()),
        }
    }
    list.extend(b"\r\n");
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_becomes_an_address() {
        let list = address_list(Path::new("/home/me/Müsik/my beat 1.mid"));
        assert_eq!(
            String::from_utf8(list).as_deref(),
            Ok("file:///home/me/M%C3%BCsik/my%20beat%201.mid\r\n")
        );
    }
}

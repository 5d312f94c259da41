//! Under Windows (and Wine): what the window does not need arrives at the parent window as its own keys do.

#![cfg(target_os = "windows")]
#![allow(unsafe_code, reason = "calls of the system; each only gets what it is documented to take")]

use std::cell::RefCell;
use std::num::NonZeroIsize;
use std::ptr::{null, null_mut};

use keys::{KeyForwarder, KeyNeeds};
use raw_window_handle::{HandleError, HasWindowHandle, RawWindowHandle, Win32WindowHandle, WindowHandle};
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, MSG, PM_REMOVE, PeekMessageW,
    RegisterClassW, WM_KEYDOWN, WM_KEYUP, WNDCLASSW, WS_CHILD, WS_OVERLAPPEDWINDOW,
};

thread_local! {
    /// What the parent window received: the virtual key, whether it was pressed, and the message's flags.
    static RECEIVED: RefCell<Vec<(usize, bool, u32)>> = const { RefCell::new(Vec::new()) };
}

extern "system" fn receive(window: HWND, message: u32, key: WPARAM, flags: LPARAM) -> LRESULT {
    if message == WM_KEYDOWN || message == WM_KEYUP {
        RECEIVED.with_borrow_mut(|received| received.push((key, message == WM_KEYDOWN, flags as u32)));
    }
    // SAFETY: the arguments are those that the system gave.
    unsafe { DefWindowProcW(window, message, key, flags) }
}

/// A window of a class, inside `parent`, or on the desktop where that is null.
fn window(class: &[u16], parent: HWND) -> HWND {
    let style = if parent.is_null() { WS_OVERLAPPEDWINDOW } else { WS_CHILD };
    let (name, none) = (class.as_ptr(), null_mut());
    // SAFETY: the class name ends with 0; no other pointer is read.
    let window = unsafe { CreateWindowExW(0, name, null(), style, 0, 0, 9, 9, parent, none, none, null()) };
    assert!(!window.is_null(), "{}", std::io::Error::last_os_error());
    window
}

struct Ours(HWND);

impl HasWindowHandle for Ours {
    fn window_handle(&self) -> Result<WindowHandle<'_>, HandleError> {
        let handle = Win32WindowHandle::new(NonZeroIsize::new(self.0 as isize).expect("a window"));
        // SAFETY: the window lives as long as the test needs it.
        Ok(unsafe { WindowHandle::borrow_raw(RawWindowHandle::Win32(handle)) })
    }
}

/// What has arrived at the parent window since the last call.
fn received() -> Vec<(usize, bool, u32)> {
    // SAFETY: the message is plain data that the system fills.
    unsafe {
        let mut message: MSG = std::mem::zeroed();
        while PeekMessageW(&raw mut message, null_mut(), 0, 0, PM_REMOVE) != 0 {
            DispatchMessageW(&raw const message);
        }
    }
    RECEIVED.take()
}

#[test]
fn keys_that_the_window_does_not_need_arrive_at_its_parent() {
    const SPACE: usize = 0x20;
    const LEFT: usize = 0x25;
    let name: Vec<u16> = "beatfield keys\0".encode_utf16().collect();
    // SAFETY: zero means nothing in each field of a class; the name ends with 0.
    let registered = unsafe {
        let class =
            WNDCLASSW { lpfnWndProc: Some(receive), lpszClassName: name.as_ptr(), ..std::mem::zeroed() };
        RegisterClassW(&raw const class)
    };
    assert_ne!(registered, 0, "{}", std::io::Error::last_os_error());
    let parent = window(&name, null_mut());
    let ours = Ours(window(&name, parent));
    let mut forwarder = KeyForwarder::new(&ours);
    received();

    forwarder.forward(KeyNeeds::Shortcuts, &[("Space", true), ("Tab", true), ("Left", true)]);
    let arrived = received();
    assert_eq!(arrived.iter().map(|key| (key.0, key.1)).collect::<Vec<_>>(), [(SPACE, true), (LEFT, true)]);
    assert_eq!(arrived[0].2 & 0xffff, 1, "pressed once");
    assert_eq!(arrived[0].2 >> 16 & 0xff, 0x39, "the scan code of the space bar");
    assert_eq!(arrived[0].2 >> 30, 0, "it was up before");

    // A text is edited: what is typed is the window's, but what went down at the host comes up there.
    forwarder.forward(KeyNeeds::Text, &[("A", true), ("Space", false), ("A", false)]);
    let arrived = received();
    assert_eq!(arrived.iter().map(|key| (key.0, key.1)).collect::<Vec<_>>(), [(SPACE, false)]);
    assert_eq!(arrived[0].2 >> 30, 0b11, "it was down, and is released");

    // SAFETY: the window is ours, and goes with its child.
    assert_ne!(unsafe { DestroyWindow(parent) }, 0);
    forwarder.forward(KeyNeeds::Shortcuts, &[("Space", true)]);
    assert_eq!(received(), [], "nothing is sent to windows that are gone");
}

//! Keys posted to the parent of a Windows window, as Microsoft documents WM_KEYDOWN. Runs on the window's thread.
//! Tested under Wine, not yet under Windows.

use raw_window_handle::RawWindowHandle;
use std::collections::BTreeSet;
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{MAPVK_VK_TO_VSC, MapVirtualKeyW};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GA_PARENT, GetAncestor, GetDesktopWindow, PostMessageW, WM_KEYDOWN, WM_KEYUP,
};

use crate::{KeyNeeds, KeyPurpose, TypedKey};

/// Our window.
pub(crate) struct Platform {
    window: HWND,
    /// The virtual keys whose press was posted: so are their releases.
    sent: BTreeSet<u16>,
}

// SAFETY: a window handle is a number that any thread may use.
#[allow(unsafe_code, reason = "the type of a window handle is a pointer")]
unsafe impl Send for Platform {}

impl Platform {
    pub(crate) fn new(window: RawWindowHandle) -> Option<Self> {
        let RawWindowHandle::Win32(handle) = window else { return None };
        Some(Self { window: handle.hwnd.get() as HWND, sent: BTreeSet::new() })
    }

    /// Posts what was typed and is not needed; `None` once the window has no parent.
    pub(crate) fn forward(&mut self, needs: KeyNeeds, typed: &[TypedKey]) -> Option<()> {
        for &(name, down) in typed {
            let Some((key, purpose)) = virtual_key(name) else { continue };
            let passes = if down { !needs.include(purpose) } else { self.sent.contains(&key) };
            if passes {
                if down {
                    self.sent.insert(key)
                } else {
                    self.sent.remove(&key)
                };
                self.post(key, down)?;
            }
        }
        Some(())
    }

    #[allow(unsafe_code, reason = "calls of the system")]
    fn post(&self, key: u16, down: bool) -> Option<()> {
        // SAFETY: these take a window handle, which may be stale, and numbers.
        unsafe {
            let parent = GetAncestor(self.window, GA_PARENT);
            if parent.is_null() || parent == GetDesktopWindow() {
                return None;
            }
            let scan = MapVirtualKeyW(key.into(), MAPVK_VK_TO_VSC) as isize & 0xff;
            // Bits 0 to 15: a count of 1; 16 to 23: the scan code; 30 and 31: was down, is being released.
            let flags = 1 | scan << 16 | if down { 0 } else { 0b11 << 30 };
            PostMessageW(parent, if down { WM_KEYDOWN } else { WM_KEYUP }, key.into(), flags);
        }
        Some(())
    }
}

/// The virtual key of a key's name, and what the window may need it for.
fn virtual_key(name: &str) -> Option<(u16, KeyPurpose)> {
    let key = match name.as_bytes() {
        [letter @ (b'A'..=b'Z' | b'0'..=b'9')] => u16::from(*letter),
        _ => match name {
            "Backspace" => 0x08,
            "Tab" => 0x09,
            "Enter" => 0x0d,
            "Escape" => 0x1b,
            "Space" => 0x20,
            "PageUp" => 0x21,
            "PageDown" => 0x22,
            "End" => 0x23,
            "Home" => 0x24,
            "Left" => 0x25,
            "Up" => 0x26,
            "Right" => 0x27,
            "Down" => 0x28,
            "Insert" => 0x2d,
            "Delete" => 0x2e,
            _ => return None,
        },
    };
    let purpose = match key {
        0x09 => KeyPurpose::Shortcut,
        0x0d | 0x1b | 0x25..=0x28 => KeyPurpose::Control,
        _ => KeyPurpose::Text,
    };
    Some((key, purpose))
}

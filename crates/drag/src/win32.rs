//! The source's side of OLE drag and drop. Runs on the drag's thread.
//!
//! `DoDragDrop` returns when the drag has ended. On the window's thread it would handle the host's messages
//! inside a frame of ours, and return into our library even if the host had unloaded it meanwhile. So it runs
//! on a thread of its own, as in JUCE (`juce_DragAndDrop_windows.cpp`).
//!
//! That thread does not share the window's input (`AttachThreadInput`), else the host's keyboard and mouse
//! would stop with every program that is slow to say whether it takes the file. The toolkit keeps the capture of
//! the mouse and gets its messages, the release too. OLE is reported to wait for messages of mouse or keyboard
//! (Wine's does not), so a second thread posts some.
//!
//! Run under Wine (`tests/ole.rs`), never on Windows itself.

#![allow(unsafe_code, reason = "calls of the system")]

use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, HMODULE, LPARAM, S_OK, WPARAM,
};
use windows::Win32::System::Com::IDataObject;
use windows::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows::Win32::System::Ole::{
    DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, DoDragDrop, IDropSource, IDropSource_Impl, OleInitialize,
    OleUninitialize,
};
use windows::Win32::System::SystemServices::{MK_LBUTTON, MODIFIERKEYS_FLAGS};
use windows::Win32::System::Threading::GetCurrentThreadId;
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, VIRTUAL_KEY, VK_ESCAPE, VK_LBUTTON, VK_RBUTTON,
};
use windows::Win32::UI::Shell::{BHID_DataObject, IShellItem, SHCreateItemFromParsingName};
use windows::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, PostThreadMessageW, SM_SWAPBUTTON, WM_KEYUP,
};
use windows::core::{BOOL, Error, HRESULT, PCWSTR, implement};

use crate::thread::DragThread;
use crate::{DragError, DragOutcome};

/// How often OLE looks at the pointer.
const POLL_INTERVAL: Duration = Duration::from_millis(15);

/// Drags `file` until the button is released, and delivers it.
pub(crate) fn drag_file(file: &Path, stop: &Arc<AtomicBool>) -> Result<DragOutcome, DragError> {
    let _ole = Ole::new().map_err(broken)?;
    let data = shell_data(file).map_err(broken)?;
    let source: IDropSource = DragSource { stop: stop.clone() }.into();
    let mut effect = DROPEFFECT_NONE;
    let ended = while_awake(|| {
        // SAFETY: both objects and the variable outlive the call.
        unsafe { DoDragDrop(&data, &source, DROPEFFECT_COPY, &mut effect) }
    })?;
    match ended {
        _ if stop.load(Ordering::Relaxed) => Err(DragError::GivenUp),
        DRAGDROP_S_DROP if effect != DROPEFFECT_NONE => Ok(DragOutcome::Dropped),
        DRAGDROP_S_DROP | DRAGDROP_S_CANCEL => Ok(DragOutcome::Nowhere),
        error => Err(broken(error.into())),
    }
}

/// Lets a cancelled drag's thread end by itself. Before it ends, OLE tells the program under the pointer, whose
/// window may be on this very thread: joining could wait for ever. So the thread may outlive the plugin, and
/// this library must stay loaded.
pub(crate) fn let_go(thread: DragThread) {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let here = PCWSTR((let_go as fn(DragThread) as *const ()).cast());
    // SAFETY: with these flags the name is any address in the library; the handle is written to a local.
    let keep_loaded = || unsafe { GetModuleHandleExW(flags, here, &mut HMODULE::default()) };
    if thread.is_finished() || keep_loaded().is_err() {
        // The outcome of a cancelled drag is of no interest.
        drop(thread.join());
    }
}

/// Calls OLE while another thread makes it look at the pointer and ask [`DragSource`], by posting the release of
/// no key.
fn while_awake<T>(call: impl FnOnce() -> T) -> Result<T, DragError> {
    // SAFETY: it takes nothing.
    let ole = unsafe { GetCurrentThreadId() };
    let returned = AtomicBool::new(false);
    let wake = || {
        while !returned.load(Ordering::Relaxed) {
            // SAFETY: it takes numbers.
            let posted = unsafe { PostThreadMessageW(ole, WM_KEYUP, WPARAM(0), LPARAM(0)) };
            // Where it fails, OLE has not begun to look for messages or has many.
            drop(posted);
            std::thread::sleep(POLL_INTERVAL);
        }
    };
    std::thread::scope(|scope| {
        let waking = std::thread::Builder::new().name("beatfield drag wake".into());
        waking.spawn_scoped(scope, wake).map_err(DragError::NoThread)?;
        let result = call();
        // Relaxed: the flag guards no data.
        returned.store(true, Ordering::Relaxed);
        Ok(result)
    })
}

fn broken(error: Error) -> DragError {
    DragError::Broken(error.to_string())
}

/// OLE on this thread.
struct Ole;

impl Ole {
    fn new() -> windows::core::Result<Self> {
        // SAFETY: it takes nothing; dropping this undoes it, on the same thread.
        unsafe { OleInitialize(None) }.map(|()| Self)
    }
}

impl Drop for Ole {
    fn drop(&mut self) {
        // SAFETY: once for the call in `new`; the objects that were made since are dropped before this.
        unsafe { OleUninitialize() }
    }
}

/// A file as the system's file browser hands it over: its path as `CF_HDROP`, and other forms of it.
fn shell_data(file: &Path) -> windows::core::Result<IDataObject> {
    let path: Vec<u16> = file.as_os_str().encode_wide().chain([0]).collect();
    // SAFETY: the path ends with a zero and outlives the call.
    let item: IShellItem = unsafe { SHCreateItemFromParsingName(PCWSTR(path.as_ptr()), None) }?;
    // SAFETY: the identifier is a constant of the system.
    unsafe { item.BindToHandler(None, &BHID_DataObject) }
}

/// Tells OLE when the drag ends. Its functions are called by OLE, so they must not panic.
#[implement(IDropSource)]
struct DragSource {
    stop: Arc<AtomicBool>,
}

#[allow(non_snake_case, reason = "names of the system")]
impl IDropSource_Impl for DragSource_Impl {
    fn QueryContinueDrag(&self, escape: BOOL, keys: MODIFIERKEYS_FLAGS) -> HRESULT {
        if escape.as_bool() || is_down(VK_ESCAPE) {
            // Relaxed, as in `RunningDrag`.
            self.stop.store(true, Ordering::Relaxed);
        }
        if self.stop.load(Ordering::Relaxed) {
            DRAGDROP_S_CANCEL
        } else if keys.contains(MK_LBUTTON) || is_down(left_button()) {
            // Both: Wine's `keys` are those of this thread's own input, which the mouse never reaches, and the
            // system says that nothing is down while it shows a password prompt.
            S_OK
        } else {
            DRAGDROP_S_DROP
        }
    }

    fn GiveFeedback(&self, _effect: DROPEFFECT) -> HRESULT {
        DRAGDROP_S_USEDEFAULTCURSORS
    }
}

/// Whether a key or button is down, whichever window has the keyboard and the mouse.
fn is_down(key: VIRTUAL_KEY) -> bool {
    // SAFETY: it takes a number. The sign says whether the key is down.
    unsafe { GetAsyncKeyState(key.0.into()) < 0 }
}

/// The button that is the left one to programs: the right one where they are swapped.
fn left_button() -> VIRTUAL_KEY {
    // SAFETY: it takes a number.
    let swapped = unsafe { GetSystemMetrics(SM_SWAPBUTTON) } != 0;
    if swapped { VK_RBUTTON } else { VK_LBUTTON }
}

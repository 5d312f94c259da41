//! A file is dragged onto small windows on Windows or under Wine, with simulated pointer input.

#![cfg(target_os = "windows")]
#![allow(unsafe_code, reason = "windows, the pointer and drop targets of the system")]

use drag::{Drag, DragError, DragOutcome};
use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use windows::Win32::Foundation::{HWND, LPARAM, POINTL, WPARAM};
use windows::Win32::System::Com::{DVASPECT_CONTENT, FORMATETC, IDataObject, TYMED_HGLOBAL};
use windows::Win32::System::Ole::{
    CF_HDROP, DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, IDropTarget, IDropTarget_Impl, OleInitialize,
    RegisterDragDrop, ReleaseStgMedium, RevokeDragDrop,
};
use windows::Win32::System::SystemServices::MODIFIERKEYS_FLAGS;
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetCapture, INPUT, INPUT_0, INPUT_KEYBOARD, INPUT_MOUSE, KEYBD_EVENT_FLAGS, KEYBDINPUT, KEYEVENTF_KEYUP,
    MOUSE_EVENT_FLAGS, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP, MOUSEINPUT, SendInput, VK_ESCAPE,
};
use windows::Win32::UI::Shell::{DragQueryFileW, HDROP};
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DestroyWindow, DispatchMessageW, MSG, PM_REMOVE, PeekMessageW, PostMessageW,
    SetCursorPos, WM_APP, WS_EX_TOPMOST, WS_POPUP, WS_VISIBLE,
};
use windows::core::{Ref, Result, implement, w};

/// The longest wait for one event on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often the windows look for messages.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The left edges of the windows that files are dragged onto.
const OTHER_X: i32 = 300;
const HOST_X: i32 = 600;
/// Ends a target's thread.
const QUIT: u32 = WM_APP + 1;

/// What a window received.
#[derive(Debug, PartialEq)]
enum Received {
    Entered,
    Left,
    Dropped(PathBuf),
}

/// A drop target that accepts files if it `takes` them.
#[implement(IDropTarget)]
struct Target {
    takes: bool,
    received: Sender<Received>,
}

impl Target_Impl {
    fn answer(&self, effect: *mut DROPEFFECT) {
        // SAFETY: OLE hands over a pointer to its own variable.
        unsafe { *effect = if self.takes { DROPEFFECT_COPY } else { DROPEFFECT_NONE } }
    }

    fn tell(&self, what: Received) {
        self.received.send(what).expect("the test listens until the window closes");
    }
}

#[allow(non_snake_case, reason = "names of the system")]
impl IDropTarget_Impl for Target_Impl {
    fn DragEnter(
        &self,
        _: Ref<IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> Result<()> {
        self.answer(effect);
        self.tell(Received::Entered);
        Ok(())
    }

    fn DragOver(&self, _: MODIFIERKEYS_FLAGS, _: &POINTL, effect: *mut DROPEFFECT) -> Result<()> {
        self.answer(effect);
        Ok(())
    }

    fn DragLeave(&self) -> Result<()> {
        self.tell(Received::Left);
        Ok(())
    }

    fn Drop(
        &self,
        data: Ref<IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> Result<()> {
        self.answer(effect);
        self.tell(Received::Dropped(path_of(data.ok()?)?));
        Ok(())
    }
}

/// The one path that was dropped.
fn path_of(data: &IDataObject) -> Result<PathBuf> {
    let format = FORMATETC {
        cfFormat: CF_HDROP.0,
        ptd: std::ptr::null_mut(),
        dwAspect: DVASPECT_CONTENT.0,
        lindex: -1,
        tymed: TYMED_HGLOBAL.0 as u32,
    };
    let mut name = [0; 1024];
    // SAFETY: the medium of this format is a list of files, which is freed after its last use.
    let (files, length) = unsafe {
        let mut medium = data.GetData(&format)?;
        let list = HDROP(medium.u.hGlobal.0);
        let counts = (DragQueryFileW(list, u32::MAX, None), DragQueryFileW(list, 0, Some(&mut name)));
        ReleaseStgMedium(&mut medium);
        counts
    };
    assert_eq!(files, 1);
    Ok(OsString::from_wide(&name[..length as usize]).into())
}

/// A window of this thread, 200 by 200 pixels: a button, which captures the mouse while it is pressed as the
/// toolkit does.
struct Window(HWND);

impl Window {
    fn open(x: i32, y: i32, takes: bool, received: Sender<Received>) -> Self {
        let target: IDropTarget = Target { takes, received }.into();
        // SAFETY: the class is the system's, the texts are constants, and OLE is there before it is needed.
        unsafe {
            OleInitialize(None).expect("OLE");
            let style = WS_POPUP | WS_VISIBLE;
            let (class, title) = (w!("BUTTON"), w!("target"));
            let window =
                CreateWindowExW(WS_EX_TOPMOST, class, title, style, x, y, 200, 200, None, None, None, None)
                    .expect("a window");
            RegisterDragDrop(window, &target).expect("a target");
            Self(window)
        }
    }

    /// Handles the messages of this thread; whether it is to go on.
    fn handle_messages(&self) -> bool {
        let mut message = MSG::default();
        // SAFETY: the message is a local, and the system filled it in.
        unsafe {
            while PeekMessageW(&mut message, None, 0, 0, PM_REMOVE).as_bool() {
                if message.message == QUIT {
                    return false;
                }
                DispatchMessageW(&message);
            }
        }
        true
    }

    /// Handles messages until there is `what` was asked for.
    fn wait_for<T>(&self, mut what: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            self.handle_messages();
            if let Some(found) = what() {
                return found;
            }
            assert!(Instant::now() < deadline, "it comes in time");
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: this thread made the window.
        unsafe {
            RevokeDragDrop(self.0).expect("a target");
            DestroyWindow(self.0).expect("a window");
        }
    }
}

/// A window of another program, as far as OLE is concerned: it has a thread of its own.
struct OtherWindow {
    received: Receiver<Received>,
    window: isize,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl OtherWindow {
    fn open(takes: bool) -> Self {
        let (to_test, received) = channel();
        let (ready, opened) = channel();
        let thread = std::thread::spawn(move || {
            let window = Window::open(OTHER_X, 200, takes, to_test);
            ready.send(window.0.0 as isize).expect("the test waits");
            while window.handle_messages() {
                std::thread::sleep(POLL_INTERVAL);
            }
        });
        let window = opened.recv_timeout(TIMEOUT).expect("it opens in time");
        Self { received, window, thread: Some(thread) }
    }
}

impl Drop for OtherWindow {
    fn drop(&mut self) {
        // SAFETY: it takes a window handle and numbers.
        let posted = unsafe { PostMessageW(Some(HWND(self.window as *mut _)), QUIT, WPARAM(0), LPARAM(0)) };
        posted.expect("its thread runs");
        self.thread.take().expect("one thread").join().expect("it ends");
    }
}

fn move_to(x: i32, y: i32) {
    // SAFETY: it takes numbers.
    unsafe { SetCursorPos(x, y) }.expect("the pointer moves");
}

fn button(flags: MOUSE_EVENT_FLAGS) {
    let mouse = MOUSEINPUT { dwFlags: flags, ..MOUSEINPUT::default() };
    send(INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi: mouse } });
}

fn escape(flags: KEYBD_EVENT_FLAGS) {
    let key = KEYBDINPUT { wVk: VK_ESCAPE, dwFlags: flags, ..KEYBDINPUT::default() };
    send(INPUT { r#type: INPUT_KEYBOARD, Anonymous: INPUT_0 { ki: key } });
}

fn send(input: INPUT) {
    // SAFETY: the input says whether it is of the mouse or the keyboard, and is.
    assert_eq!(unsafe { SendInput(&[input], size_of::<INPUT>() as i32) }, 1);
}

fn captured() -> bool {
    // SAFETY: it takes nothing.
    !unsafe { GetCapture() }.is_invalid()
}

/// Our window, and the drags that it begins.
struct Source {
    window: Window,
    received: Receiver<Received>,
    file: PathBuf,
}

impl Source {
    fn open(file: PathBuf) -> Self {
        let (to_test, received) = channel();
        Self { window: Window::open(10, 10, false, to_test), received, file }
    }

    /// Presses the button over our window, and starts the drag as the toolkit does: with the mouse captured.
    fn start(&self) -> Drag {
        move_to(100, 100);
        button(MOUSEEVENTF_LEFTDOWN);
        self.window.wait_for(|| captured().then_some(()));
        let drag = Drag::start(&self.file).expect("the drag begins");
        assert_eq!(self.next_of(&self.received), Received::Entered);
        drag
    }

    /// Starts a drag and moves it over the window at `x`.
    fn start_over(&self, x: i32, received: &Receiver<Received>) -> Drag {
        let drag = self.start();
        move_to(x + 100, 300);
        assert_eq!(self.next_of(&self.received), Received::Left);
        assert_eq!(self.next_of(received), Received::Entered);
        drag
    }

    /// Drags the file onto the window at `x`.
    fn drag_onto(&self, x: i32, received: &Receiver<Received>, takes: bool) {
        let drag = self.start_over(x, received);
        self.release();
        let (expected, outcome) = if takes {
            (Received::Dropped(self.file.clone()), DragOutcome::Dropped)
        } else {
            (Received::Left, DragOutcome::Nowhere)
        };
        assert_eq!(self.next_of(received), expected);
        assert_eq!(self.outcome_of(drag).expect("the drag succeeds"), outcome);
    }

    fn next_of(&self, received: &Receiver<Received>) -> Received {
        self.window.wait_for(|| received.try_recv().ok())
    }

    fn outcome_of(&self, mut drag: Drag) -> std::result::Result<DragOutcome, DragError> {
        self.window.wait_for(|| drag.outcome())
    }

    /// Releases the button, which our window sees.
    fn release(&self) {
        button(MOUSEEVENTF_LEFTUP);
        self.window.wait_for(|| (!captured()).then_some(()));
    }
}

// One test: there is one pointer.
#[test]
fn a_file_is_dragged_into_another_window() {
    let folder = std::env::temp_dir().join(format!("Beatfield drag Ä {}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("mein Bêat 拍 №1.mid");
    std::fs::write(&file, b"MThd").expect("a file");
    assert!(matches!(Drag::start(&folder.join("none.mid")), Err(DragError::NoFile(..))));

    let source = Source::open(file);
    for takes in [true, false] {
        let other = OtherWindow::open(takes);
        source.drag_onto(OTHER_X, &other.received, takes);
        // A window of our own thread, as the host's are.
        let (to_test, received) = channel();
        let _host = Window::open(HOST_X, 200, takes, to_test);
        source.drag_onto(HOST_X, &received, takes);
    }

    // Where there is no window, nothing accepts it.
    let drag = source.start();
    move_to(1000, 700);
    assert_eq!(source.next_of(&source.received), Received::Left);
    source.release();
    assert_eq!(source.outcome_of(drag).expect("the drag succeeds"), DragOutcome::Nowhere);

    // A cancelled drag leaves the window and drops nothing.
    let other = OtherWindow::open(true);
    drop(source.start_over(OTHER_X, &other.received));
    assert_eq!(source.next_of(&other.received), Received::Left);
    source.release();

    // Nor does it wait for the thread that cancels it, where that has the window under the pointer.
    drop(source.start());
    assert_eq!(source.next_of(&source.received), Received::Left);
    source.release();

    // The escape key cancels it too.
    let drag = source.start_over(OTHER_X, &other.received);
    escape(KEYBD_EVENT_FLAGS::default());
    assert_eq!(source.next_of(&other.received), Received::Left);
    assert!(matches!(source.outcome_of(drag), Err(DragError::GivenUp)));
    escape(KEYEVENTF_KEYUP);
    source.release();
    drop((source, other));
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

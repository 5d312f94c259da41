//! The source's side of AppKit's drag and drop. Runs on the main thread, where AppKit calls back. Never run: it
//! compiles, and follows Apple's documentation of NSDraggingSession.
//!
//! The window is the one that got the press: AppKit knows it, so nobody has to hand it over.

#![allow(unsafe_code, reason = "calls of the system")]

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use objc2::rc::Retained;
use objc2::runtime::{AnyClass, ClassBuilder, NSObject, ProtocolObject, Sel};
use objc2::{AnyThread, ClassType, MainThreadMarker, ProtocolType, msg_send, sel};
use objc2_app_kit::{
    NSApplication, NSDragOperation, NSDraggingContext, NSDraggingItem, NSDraggingSession, NSDraggingSource,
    NSEvent, NSEventModifierFlags, NSEventType, NSView, NSWindow, NSWorkspace,
};
use objc2_foundation::{NSArray, NSPoint, NSProcessInfo, NSRect, NSSize, NSString, NSURL};

use crate::{DragError, DragOutcome};

/// The side of the icon under the pointer, in points.
const ICON_SIZE: f64 = 32.0;

/// The drag that AppKit runs: there is one pointer. `None` once it has ended.
static SESSION: Mutex<Option<DragSession>> = Mutex::new(None);

/// Tells drags apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// What AppKit's calls need of a drag.
struct DragSession {
    number: u64,
    origin: DragOrigin,
    /// `None` once it was cancelled.
    ended: Option<Sender<DragOutcome>>,
}

/// Where the drag began: the number of a window, and a place in it in points.
#[derive(Clone, Copy)]
struct DragOrigin {
    window: isize,
    place: NSPoint,
}

fn session() -> MutexGuard<'static, Option<DragSession>> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A drag, as its owner sees it.
pub(crate) struct RunningDrag {
    number: u64,
    ended: Option<Receiver<DragOutcome>>,
}

impl RunningDrag {
    /// Starts to drag an absolute path.
    pub(crate) fn start(file: PathBuf) -> Result<Self, DragError> {
        let main = MainThreadMarker::new().ok_or_else(|| broken("it must begin on the main thread"))?;
        let class = source_class().ok_or_else(|| broken("AppKit refuses a class for it"))?;
        let application = NSApplication::sharedApplication(main);
        let window = application.currentEvent().and_then(|event| event.window(main));
        let window = window.or_else(|| application.keyWindow());
        let window = window.ok_or_else(|| broken("no window has got the press"))?;
        let place = window.mouseLocationOutsideOfEventStream();
        let view = view_at(&window, place).ok_or_else(|| broken("the window is empty"))?;
        let origin = DragOrigin { window: window.windowNumber(), place };
        let event = origin.event(NSEventType::LeftMouseDragged);
        let event = event.ok_or_else(|| broken("AppKit refuses an event for it"))?;
        let item = dragging_item(&file, &view, place)?;

        let (to_owner, ended) = channel();
        // Relaxed: the number alone matters.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        *session() = Some(DragSession { number, origin, ended: Some(to_owner) });
        // SAFETY: `new` of a class that inherits it from NSObject.
        let source: Retained<NSObject> = unsafe { msg_send![class, new] };
        let items = NSArray::from_retained_slice(&[item]);
        // SAFETY: the arguments are of the types that this method takes; the source has the methods of a
        // dragging source.
        let _: Retained<NSDraggingSession> = unsafe {
            msg_send![&*view, beginDraggingSessionWithItems: &*items, event: &*event, source: &*source]
        };
        // Nothing says whether AppKit keeps the source, or when it is done with it: a few bytes stay.
        std::mem::forget(source);
        Ok(Self { number, ended: Some(ended) })
    }

    pub(crate) fn wait(mut self) -> Result<DragOutcome, DragError> {
        if MainThreadMarker::new().is_some() {
            return Err(broken("the main thread cannot wait for it"));
        }
        let ended = self.ended.take().ok_or(DragError::GivenUp)?;
        // A later drag has taken its place.
        ended.recv().map_err(|_| DragError::GivenUp)
    }

    pub(crate) fn outcome(&mut self) -> Option<Result<DragOutcome, DragError>> {
        let outcome = match self.ended.as_ref()?.try_recv() {
            Ok(outcome) => Ok(outcome),
            Err(TryRecvError::Empty) => return None,
            // A later drag has taken its place.
            Err(TryRecvError::Disconnected) => Err(DragError::GivenUp),
        };
        self.ended = None;
        Some(outcome)
    }
}

impl Drop for RunningDrag {
    fn drop(&mut self) {
        if let Some(session) = session().as_mut().filter(|session| session.number == self.number) {
            session.ended = None;
        }
    }
}

fn broken(what: &str) -> DragError {
    DragError::Broken(what.into())
}

/// The view at a place of a window.
fn view_at(window: &NSWindow, place: NSPoint) -> Option<Retained<NSView>> {
    let content = window.contentView()?;
    content.hitTest(place).or(Some(content))
}

impl DragOrigin {
    /// An event of the left button there.
    fn event(self, kind: NSEventType) -> Option<Retained<NSEvent>> {
        let (modifiers, now) = (NSEventModifierFlags::empty(), NSProcessInfo::processInfo().systemUptime());
        NSEvent::mouseEventWithType_location_modifierFlags_timestamp_windowNumber_context_eventNumber_clickCount_pressure(
            kind, self.place, modifiers, now, self.window, None, 0, 1, 1.0,
        )
    }
}

/// The file, with its icon under the pointer.
fn dragging_item(file: &Path, view: &NSView, place: NSPoint) -> Result<Retained<NSDraggingItem>, DragError> {
    let url = NSURL::from_file_path(file).ok_or_else(|| broken("AppKit refuses the file's path"))?;
    let icon = NSWorkspace::sharedWorkspace().iconForFile(&NSString::from_str(&file.to_string_lossy()));
    let middle = view.convertPoint_fromView(place, None);
    let corner = NSPoint::new(middle.x - ICON_SIZE / 2.0, middle.y - ICON_SIZE / 2.0);
    let frame = NSRect::new(corner, NSSize::new(ICON_SIZE, ICON_SIZE));
    let item =
        NSDraggingItem::initWithPasteboardWriter(NSDraggingItem::alloc(), ProtocolObject::from_ref(&*url));
    // SAFETY: the contents may be an image.
    unsafe { item.setDraggingFrame_contents(frame, Some(&icon)) };
    Ok(item)
}

/// The class of dragging sources, one to a loaded library: the CLAP and the VST3 plugin may be in one program,
/// and of two classes of one name AppKit refuses the second. Hence not `define_class!`.
fn source_class() -> Option<&'static AnyClass> {
    static CLASS: OnceLock<Option<&'static AnyClass>> = OnceLock::new();
    *CLASS.get_or_init(|| {
        let name = CString::new(format!("BeatfieldDragSource{:p}", &SESSION)).ok()?;
        let mut class = ClassBuilder::new(&name, NSObject::class())?;
        class.add_protocol(<dyn NSDraggingSource>::protocol()?);
        // SAFETY: the functions have the types of these methods.
        unsafe {
            class.add_method(
                sel!(draggingSession:sourceOperationMaskForDraggingContext:),
                allowed_operations as extern "C-unwind" fn(_, _, _, _) -> _,
            );
            class.add_method(
                sel!(draggingSession:endedAtPoint:operation:),
                drag_ended as extern "C-unwind" fn(_, _, _, _, _),
            );
        }
        Some(class.register())
    })
}

extern "C-unwind" fn allowed_operations(
    _: &NSObject,
    _: Sel,
    _: &NSDraggingSession,
    _: NSDraggingContext,
) -> NSDragOperation {
    let cancelled = session().as_ref().is_none_or(|session| session.ended.is_none());
    if cancelled { NSDragOperation::None } else { NSDragOperation::Copy }
}

extern "C-unwind" fn drag_ended(
    _: &NSObject,
    _: Sel,
    _: &NSDraggingSession,
    _: NSPoint,
    operation: NSDragOperation,
) {
    let Some(DragSession { origin, ended, .. }) = session().take() else { return };
    let outcome =
        if operation == NSDragOperation::None { DragOutcome::Nowhere } else { DragOutcome::Dropped };
    if let Some(ended) = ended {
        // Fails where a later drag of the same owner has taken its place: nobody asks for this one any more.
        let _ = ended.send(outcome);
    }
    // AppKit has kept the release to itself; the toolkit would take the button for pressed.
    let Some(main) = MainThreadMarker::new() else { return };
    let window = NSApplication::sharedApplication(main).windowWithWindowNumber(origin.window);
    let view = window.and_then(|window| view_at(&window, origin.place));
    if let (Some(view), Some(release)) = (view, origin.event(NSEventType::LeftMouseUp)) {
        view.mouseUp(&release);
    }
}

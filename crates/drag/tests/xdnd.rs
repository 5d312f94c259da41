//! A file is dragged onto a small window under Xvfb, with simulated pointer input.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

use drag::{Drag, DragOutcome};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConnectionExt, CreateWindowAux,
    EventMask, MOTION_NOTIFY_EVENT, PropMode, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The longest wait for one event on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An X server of our own, ended on drop.
struct Display(Child);

impl Display {
    /// Starts Xvfb on a display that it chooses; none where it is not installed.
    fn start() -> Option<(Self, String)> {
        let mut xvfb = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut number = String::new();
        BufReader::new(xvfb.stdout.take()?).read_line(&mut number).ok()?;
        Some((Self(xvfb), format!(":{}", number.trim())))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It is ours, and it may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What the target window received.
#[derive(Debug, PartialEq)]
enum Received {
    Ready,
    Position,
    Left,
    Dropped(String),
}

fn atom(connection: &RustConnection, name: &str) -> u32 {
    connection.intern_atom(false, name.as_bytes()).expect("sent").reply().expect("an atom").atom
}

/// A drop target that accepts files if it `takes` them. Ends after a drop or leave, or with the channel.
fn target(display: String, takes: bool, received: Sender<Received>) {
    let (connection, screen) = x11rb::connect(Some(&display)).expect("the display");
    let name = |name: &str| atom(&connection, name);
    let root = connection.setup().roots[screen].root;
    let window = connection.generate_id().expect("an id");
    let (depth, visual) = (x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
    let aux = CreateWindowAux::new().override_redirect(1).event_mask(EventMask::EXPOSURE);
    connection
        .create_window(depth, window, root, 300, 200, 200, 200, 0, WindowClass::INPUT_OUTPUT, visual, &aux)
        .expect("sent");
    connection
        .change_property32(PropMode::REPLACE, window, name("XdndAware"), AtomEnum::ATOM, &[5])
        .expect("sent");
    connection.map_window(window).expect("sent").check().expect("a window");
    let (position, dropped, left) = (name("XdndPosition"), name("XdndDrop"), name("XdndLeave"));
    let (status, finished, list) = (name("XdndStatus"), name("XdndFinished"), name("text/uri-list"));
    let (selection, copy, here) = (name("XdndSelection"), name("XdndActionCopy"), name("HERE"));
    let say = |to: u32, kind: u32, data: [u32; 5]| {
        let message = ClientMessageEvent::new(32, to, kind, data);
        connection.send_event(false, to, EventMask::NO_EVENT, message).expect("sent");
        // Waits for the server: ending at once could lose the last messages.
        connection.sync().expect("the server answers");
    };
    let mut source = 0;
    if received.send(Received::Ready).is_err() {
        return;
    }
    loop {
        let message = match connection.wait_for_event().expect("an event") {
            Event::ClientMessage(message) => {
                let data = message.data.as_data32();
                if message.type_ == position {
                    source = data[0];
                    say(source, status, [window, u32::from(takes), 0, 0, copy]);
                    Received::Position
                } else if message.type_ == left {
                    Received::Left
                } else if message.type_ == dropped {
                    connection.convert_selection(window, selection, list, here, data[2]).expect("sent");
                    connection.flush().expect("flushed");
                    continue;
                } else {
                    continue;
                }
            }
            Event::SelectionNotify(notice) => {
                assert_eq!(notice.property, here, "the file is handed over");
                let value = connection
                    .get_property(true, window, here, list, 0, 1024)
                    .expect("sent")
                    .reply()
                    .expect("a property");
                say(source, finished, [window, 1, copy, 0, 0]);
                Received::Dropped(String::from_utf8_lossy(&value.value).into_owned())
            }
            _ => continue,
        };
        let over = matches!(message, Received::Left | Received::Dropped(_));
        if received.send(message).is_err() || over {
            return;
        }
    }
}

/// The simulated pointer.
struct Hand {
    connection: RustConnection,
    root: u32,
}

impl Hand {
    fn new(display: &str) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).expect("the display");
        let root = connection.setup().roots[screen].root;
        Self { connection, root }
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) {
        let sent = self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0);
        sent.expect("sent").check().expect("the pointer moves");
    }

    fn move_to(&self, x: i16, y: i16) {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y);
    }

    fn press(&self) {
        self.fake(BUTTON_PRESS_EVENT, 1, 0, 0);
    }

    fn release(&self) {
        self.fake(BUTTON_RELEASE_EVENT, 1, 0, 0);
    }
}

fn wait_for(received: &Receiver<Received>, wanted: impl Fn(&Received) -> bool) -> Received {
    loop {
        let message = received.recv_timeout(TIMEOUT).expect("the window gets it in time");
        if wanted(&message) {
            return message;
        }
    }
}

fn end_of(drag: Drag) -> DragOutcome {
    let (to_test, outcome) = channel();
    std::thread::spawn(move || to_test.send(drag.wait()));
    outcome.recv_timeout(TIMEOUT).expect("the drag ends in time").expect("the drag succeeds")
}

// One test: the display is found through an environment variable, which all tests of a process share.
#[test]
fn a_file_is_dragged_into_another_window() {
    let Some((_owner, display)) = Display::start() else {
        println!("a drag under X11: not run (Xvfb is missing; on Debian: apt-get install xvfb)");
        return;
    };
    #[allow(unsafe_code, reason = "the drag finds its display where every program does")]
    // SAFETY: this program has one test, and no other thread runs yet that reads the environment.
    unsafe {
        std::env::set_var("DISPLAY", &display);
    }
    let folder = std::env::temp_dir().join(format!("beatfield drag {}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("my beat.mid");
    std::fs::write(&file, b"MThd").expect("a file");

    let hand = Hand::new(&display);
    for takes in [true, false] {
        let (to_test, received) = channel();
        let of_target = display.clone();
        let program = std::thread::spawn(move || target(of_target, takes, to_test));
        wait_for(&received, |message| *message == Received::Ready);
        hand.move_to(50, 50);
        hand.press();
        let drag = Drag::start(&file).expect("the drag begins");
        hand.move_to(400, 300);
        wait_for(&received, |message| *message == Received::Position);
        hand.release();
        if takes {
            let Received::Dropped(list) =
                wait_for(&received, |message| matches!(message, Received::Dropped(_)))
            else {
                unreachable!("that is what was waited for")
            };
            let name = folder.file_name().and_then(|name| name.to_str()).expect("plain text");
            assert!(list.starts_with("file:///") && list.ends_with("/my%20beat.mid\r\n"), "{list:?}");
            assert!(list.contains(&name.replace(' ', "%20")), "{list:?}");
            assert_eq!(end_of(drag), DragOutcome::Dropped);
        } else {
            wait_for(&received, |message| *message == Received::Left);
            assert_eq!(end_of(drag), DragOutcome::Nowhere);
        }
        program.join().expect("the other program ends");
    }

    // Over the root window nothing accepts it; a cancelled drag ends at once.
    hand.move_to(50, 50);
    hand.press();
    let drag = Drag::start(&file).expect("the drag begins");
    hand.release();
    assert_eq!(end_of(drag), DragOutcome::Nowhere);
    hand.press();
    drop(Drag::start(&file).expect("the drag begins"));
    hand.release();
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

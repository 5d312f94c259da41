//! Counts the system calls of threads inside a plugin's call with Linux's syscall user dispatch: while a byte of
//! the thread is set, the kernel delivers SIGSYS instead of making the call. The handler counts the number and
//! makes the call itself, so the plugin sees no difference.

use std::cell::{Cell, UnsafeCell};
use std::collections::BTreeMap;
use std::io::Error;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Numbers that are counted separately; higher ones share the last counter.
const NUMBERS: usize = 512;

static WATCHING: AtomicBool = AtomicBool::new(false);
static COUNTS: [AtomicU64; NUMBERS] = [const { AtomicU64::new(0) }; NUMBERS];
/// The address of the code that returns from a signal handler: its system call must pass.
static RETURN: AtomicU64 = AtomicU64::new(0);
/// Bytes of that code at most: `mov eax, 15; syscall`.
const RETURN_LENGTH: u64 = 16;

// From linux/prctl.h; the crate libc lacks them for this system.
const PR_SET_SYSCALL_USER_DISPATCH: libc::c_int = 59;
const PR_SYS_DISPATCH_ON: libc::c_ulong = 1;
/// The two values of a thread's byte for the kernel.
const ALLOW: u8 = 0;
const BLOCK: u8 = 1;

thread_local! {
    static THREAD: ThreadState = const {
        ThreadState { byte: UnsafeCell::new(ALLOW), registered: Cell::new(false), functions: Cell::new(false) }
    };
}

struct ThreadState {
    byte: UnsafeCell<u8>,
    /// Whether the kernel knows this thread's byte.
    registered: Cell<bool>,
    /// Whether calls of C functions count too.
    functions: Cell<bool>,
}

impl ThreadState {
    fn set(&self, value: u8) {
        // SAFETY: only this thread and its own signal handler access the byte; volatile, since the kernel reads
        // it too.
        unsafe { self.byte.get().write_volatile(value) };
    }

    /// Registers the byte of this thread with the kernel.
    fn register(&self) -> Result<(), Error> {
        let start = RETURN.load(Ordering::Relaxed);
        // SAFETY: the byte lives as long as its thread, and so does the kernel's setting.
        let result = unsafe {
            libc::prctl(
                PR_SET_SYSCALL_USER_DISPATCH,
                PR_SYS_DISPATCH_ON,
                start,
                RETURN_LENGTH,
                self.byte.get(),
            )
        };
        if result != 0 {
            return Err(Error::last_os_error());
        }
        self.registered.set(true);
        Ok(())
    }
}

/// Ends the counting of a thread when dropped.
pub(super) struct WatchGuard;

impl Drop for WatchGuard {
    fn drop(&mut self) {
        THREAD.with(|thread| {
            thread.set(ALLOW);
            thread.functions.set(false);
        });
    }
}

/// Counts the calls of this thread until the returned guard is dropped.
pub(super) fn enter() -> Option<WatchGuard> {
    if !WATCHING.load(Ordering::Relaxed) {
        return None;
    }
    THREAD.with(|thread| {
        if !thread.registered.get() && thread.register().is_err() {
            return None;
        }
        thread.functions.set(true);
        thread.set(BLOCK);
        Some(WatchGuard)
    })
}

/// As [`enter`], but counts only the library's calls of C functions.
pub(super) fn enter_functions() -> WatchGuard {
    THREAD.with(|thread| thread.functions.set(true));
    WatchGuard
}

/// Whether this thread's calls of C functions count.
pub(super) fn counts_functions() -> bool {
    THREAD.with(|thread| thread.functions.get())
}

/// Switches [`enter`] on.
pub(super) fn begin() {
    WATCHING.store(true, Ordering::Relaxed);
}

/// The counts since the last call of this function, by name.
pub(super) fn take() -> BTreeMap<String, u64> {
    let counts = COUNTS.iter().enumerate().map(|(number, count)| (number, count.swap(0, Ordering::Relaxed)));
    counts.filter(|(_, count)| *count > 0).map(|(number, count)| (name(number), count)).collect()
}

/// The name of a system call that an audio thread might make; the others keep their number.
fn name(number: usize) -> String {
    const NAMES: [(libc::c_long, &str); 17] = [
        (libc::SYS_read, "read"),
        (libc::SYS_write, "write"),
        (libc::SYS_openat, "openat"),
        (libc::SYS_close, "close"),
        (libc::SYS_mmap, "mmap"),
        (libc::SYS_munmap, "munmap"),
        (libc::SYS_mprotect, "mprotect"),
        (libc::SYS_madvise, "madvise"),
        (libc::SYS_brk, "brk"),
        (libc::SYS_getpid, "getpid"),
        (libc::SYS_getppid, "getppid"),
        (libc::SYS_sched_yield, "sched_yield"),
        (libc::SYS_futex, "futex"),
        (libc::SYS_clock_nanosleep, "clock_nanosleep"),
        (libc::SYS_nanosleep, "nanosleep"),
        (libc::SYS_clock_gettime, "clock_gettime"),
        (libc::SYS_clone3, "clone3"),
    ];
    let known = NAMES.iter().find(|(known, _)| usize::try_from(*known) == Ok(number));
    known.map_or_else(|| format!("number {number}"), |(_, name)| (*name).to_owned())
}

/// Installs the handler and tests that it counts a call of this thread.
pub(super) fn try_out() -> Result<(), String> {
    let refused = |error: Error| error.to_string();
    install().map_err(refused)?;
    THREAD.with(|thread| thread.register()).map_err(refused)?;
    let before = COUNTS[libc::SYS_getppid as usize].load(Ordering::Relaxed);
    // SAFETY: getppid only returns a number.
    let (watched, plain) = unsafe {
        THREAD.with(|thread| thread.set(BLOCK));
        let watched = libc::syscall(libc::SYS_getppid);
        THREAD.with(|thread| thread.set(ALLOW));
        (watched, libc::syscall(libc::SYS_getppid))
    };
    let counted = COUNTS[libc::SYS_getppid as usize].load(Ordering::Relaxed) - before;
    take();
    if counted == 1 && watched == plain {
        Ok(())
    } else {
        Err(format!("it counted {counted} calls where 1 was made"))
    }
}

/// The kernel's `struct sigaction`; libc's lacks the restorer, which returns from the handler.
#[repr(C)]
#[derive(Default)]
struct KernelAction {
    handler: usize,
    flags: libc::c_ulong,
    restorer: u64,
    mask: u64,
}

fn install() -> Result<(), Error> {
    // SAFETY: the action is plain data, filled below; the handler is async-signal-safe; the second call reads
    // the kernel's action into room of its size.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        if libc::sigaction(libc::SIGSYS, &action, null_mut()) != 0 {
            return Err(Error::last_os_error());
        }
        let mut kept = KernelAction::default();
        let none = null_mut::<KernelAction>();
        let kept_in = addr_of_mut!(kept);
        if libc::syscall(libc::SYS_rt_sigaction, libc::SIGSYS, none, kept_in, 8) != 0 {
            return Err(Error::last_os_error());
        }
        RETURN.store(kept.restorer, Ordering::Relaxed);
    }
    Ok(())
}

/// Counts the call, makes it, and stores its result in the caller's register. A thread that is started while
/// calls are counted ends the process, since the C library blocks signals there: a plugin that starts threads on
/// the audio thread is noticed.
extern "C" fn handle(_signal: libc::c_int, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    THREAD.with(|thread| thread.set(ALLOW));
    // SAFETY: the kernel passes a handler with SA_SIGINFO its thread's context, which nothing else uses.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let register = |index: libc::c_int| registers[index as usize];
        let number = register(libc::REG_RAX);
        let place = usize::try_from(number).unwrap_or(NUMBERS).min(NUMBERS - 1);
        COUNTS[place].fetch_add(1, Ordering::Relaxed);
        let errno = libc::__errno_location();
        let kept = *errno;
        let result = libc::syscall(
            number,
            register(libc::REG_RDI),
            register(libc::REG_RSI),
            register(libc::REG_RDX),
            register(libc::REG_R10),
            register(libc::REG_R8),
            register(libc::REG_R9),
        );
        registers[libc::REG_RAX as usize] = if result == -1 { -i64::from(*errno) } else { result };
        *errno = kept;
    }
    THREAD.with(|thread| thread.set(BLOCK));
}

//! Counts the system calls of threads that are inside a plugin's call, by Linux's syscall user dispatch: while
//! a byte of ours says so, the kernel delivers SIGSYS instead of making the call, on this thread alone. The
//! handler notes the number and makes the call itself, so that the plugin notices nothing.

use std::cell::{Cell, UnsafeCell};
use std::collections::BTreeMap;
use std::io::Error;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Highest number that is counted by itself; higher ones share the last place.
const NUMBERS: usize = 512;

static WATCHING: AtomicBool = AtomicBool::new(false);
static COUNTS: [AtomicU64; NUMBERS] = [const { AtomicU64::new(0) }; NUMBERS];
/// The code that returns from a signal handler: its system call must pass.
static RETURN: AtomicU64 = AtomicU64::new(0);
/// Bytes of that code, at most: `mov eax, 15; syscall`.
const RETURN_LENGTH: u64 = 16;

// From linux/prctl.h; libc does not have them for this system.
const PR_SET_SYSCALL_USER_DISPATCH: libc::c_int = 59;
const PR_SYS_DISPATCH_ON: libc::c_ulong = 1;
/// The two values of a thread's byte, as the kernel reads it.
const ALLOW: u8 = 0;
const BLOCK: u8 = 1;

thread_local! {
    static THREAD: Thread = const {
        Thread { byte: UnsafeCell::new(ALLOW), known: Cell::new(false), functions: Cell::new(false) }
    };
}

struct Thread {
    byte: UnsafeCell<u8>,
    /// Whether the kernel knows this thread's byte.
    known: Cell<bool>,
    /// Whether calls of C functions count too.
    functions: Cell<bool>,
}

impl Thread {
    fn set(&self, value: u8) {
        // SAFETY: only this thread and its own signal handler touch the byte; volatile, since the kernel
        // reads it behind the compiler's back.
        unsafe { self.byte.get().write_volatile(value) };
    }

    /// Tells the kernel where the byte of this thread is.
    fn introduce(&self) -> Result<(), Error> {
        let start = RETURN.load(Ordering::Relaxed);
        // SAFETY: the byte lives as long as its thread, which the kernel's setting ends with.
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
        self.known.set(true);
        Ok(())
    }
}

/// Ends a thread's time under watch.
pub(super) struct End;

impl Drop for End {
    fn drop(&mut self) {
        THREAD.with(|thread| {
            thread.set(ALLOW);
            thread.functions.set(false);
        });
    }
}

/// From here to the end of the returned value the calls of this thread are counted.
pub(super) fn enter() -> Option<End> {
    if !WATCHING.load(Ordering::Relaxed) {
        return None;
    }
    THREAD.with(|thread| {
        if !thread.known.get() && thread.introduce().is_err() {
            return None;
        }
        thread.functions.set(true);
        thread.set(BLOCK);
        Some(End)
    })
}

/// As [`enter`], but only the library's calls of C functions are counted.
pub(super) fn enter_functions() -> End {
    THREAD.with(|thread| thread.functions.set(true));
    End
}

/// Whether this thread's calls of C functions count.
pub(super) fn counts_functions() -> bool {
    THREAD.with(|thread| thread.functions.get())
}

/// From now on [`enter`] counts.
pub(super) fn begin() {
    WATCHING.store(true, Ordering::Relaxed);
}

/// The counts since the last call, by name.
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

/// Installs the handler and sees it count a call on this very thread.
pub(super) fn try_out() -> Result<(), String> {
    let refused = |error: Error| error.to_string();
    install().map_err(refused)?;
    THREAD.with(|thread| thread.introduce()).map_err(refused)?;
    let before = COUNTS[libc::SYS_getppid as usize].load(Ordering::Relaxed);
    // SAFETY: asks for a number.
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

/// The kernel's own record of a signal's action; libc hides the part that returns from the handler.
#[repr(C)]
#[derive(Default)]
struct KernelAction {
    handler: usize,
    flags: libc::c_ulong,
    restorer: u64,
    mask: u64,
}

fn install() -> Result<(), Error> {
    // SAFETY: the action is plain data, filled below; the handler keeps to what a handler may do; the second
    // call reads the kernel's record into room of its size.
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

/// Counts the call, makes it, and leaves its result where the caller expects it. A thread that is started
/// under watch ends the process, since the C library holds back signals there: loud enough for a plugin that
/// starts threads below the line.
extern "C" fn handle(_signal: libc::c_int, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    THREAD.with(|thread| thread.set(ALLOW));
    // SAFETY: the kernel hands a handler with SA_SIGINFO its thread's context, which nobody else uses.
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

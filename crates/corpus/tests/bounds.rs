//! The bounds of reading one MIDI file: memory and time, for the worst files of the largest size.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use corpus::midi::{DrumChannels, LARGEST_FILE_BYTES, Limits, read};

/// The most that reading may hold beside the file, in bytes.
const MOST_BYTES: usize = 40 << 20;
/// The longest that it may take, without optimisation and on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// The tests measure one after another.
static ALONE: Mutex<()> = Mutex::new(());

/// The system's allocator, counting what is held.
struct Counting;

#[allow(unsafe_code, reason = "an allocator is unsafe to implement")]
// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Relaxed: one thread at a time measures, and nothing else depends on the counts.
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A file of the largest size: one track of these bytes again and again.
fn largest(format: u8, event: &[u8]) -> Vec<u8> {
    let size = LARGEST_FILE_BYTES as usize - 22 - event.len();
    let track: Vec<u8> = event.iter().copied().cycle().take(size / event.len() * event.len()).collect();
    let mut bytes =
        vec![b'M', b'T', b'h', b'd', 0, 0, 0, 6, 0, format, 0, 1, 1, 0xe0, b'M', b'T', b'r', b'k'];
    bytes.extend((track.len() as u32).to_be_bytes());
    bytes.extend(track);
    bytes
}

fn check(bytes: &[u8], channels: &[DrumChannels], what: &str) {
    let _alone = ALONE.lock();
    for &channels in channels {
        let before = HELD.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let started = Instant::now();
        let outcome = read(bytes, channels, &Limits::default());
        let (took, peak) = (started.elapsed(), PEAK.load(Ordering::Relaxed) - before);
        let outcome = outcome.map(|reading| reading.parts.len());
        assert!(peak < MOST_BYTES, "{what}: {peak} bytes, {outcome:?}");
        assert!(took < LONGEST, "{what}: {took:?}, {outcome:?}");
    }
}

#[test]
fn the_largest_files_keep_the_bounds_whatever_they_repeat() {
    for event in [
        &[0, 0x99, 36, 100][..],
        &[0, 0x9a, 36, 100],
        &[0, 0xff, 0x51, 3, 7, 0xa1, 0x20],
        &[0, 0xff, 0x58, 4, 4, 2, 24, 8],
        &[0, 0xff, 0x58, 4, 0, 2, 24, 8],
        &[0, 0xf8],
        &[0, 0xb0, 0, 127],
        &[0, 0xb0, 0, 255],
        &[0, 0xc0, 1],
        &[0, 0xff, 0x2f, 0],
        &[0, 0xff, 1, 0],
        &[0, 0xf0, 0xf7],
        &[0, 0xf0, 1, 0xf7],
        &[0, 0xf0, 0x43, 0x10, 0xf7],
        &[0, 0xff, 1, 0x8f, 0x7f, b'a', 0, 0x90, 1, 1, 0, 0x90, 1, 1, 0, 0x90, 1, 1, 0, 0x90, 1, 1],
        b"MTrk\0\0\0\0",
        b"Mtrk\0\0\0\x04\0\xff\x2f\0",
        b"MTrk\0\x7f\0\0\0\xff\x2f\0",
        b"XFIH\0\0\0\x01",
        b"XFIH\0\x7f\0\0MTr",
        &[0xff],
        &[0x80],
        &[0],
    ] {
        let both = [DrumChannels::AsTheFileSays, DrumChannels::Any];
        check(&largest(0, event), &both, &format!("{event:02x?} as events"));
        let chunks = largest(2, event);
        let chunks = [&chunks[..14], &chunks[22..]].concat();
        check(&chunks, &both[..1], &format!("{event:02x?} as chunks"));
    }
}

#[test]
fn a_larger_file_is_refused_unread() {
    let bytes = vec![0; LARGEST_FILE_BYTES as usize + 1];
    let refused = read(&bytes, DrumChannels::default(), &Limits::default()).unwrap_err();
    assert_eq!(refused.to_string(), "it has more than 8388608 bytes, so it is not read");
}

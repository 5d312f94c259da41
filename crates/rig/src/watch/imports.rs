//! Counts the C functions that a loaded library calls, by name: each entry of its global offset table is
//! replaced by a hook, which counts if the thread is inside [`super::during`] and then jumps to the original
//! address. Everything that is linked into the library (framework, networks, the plugin) reaches the C library
//! through that table, and with it the allocator, the locks and the system calls.

use super::system_calls::counts_functions;
use std::arch::naked_asm;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// More functions than the plugin imports.
const MOST: usize = 256;
const ROW: usize = 16;

static COUNTS: [AtomicU64; MOST] = [const { AtomicU64::new(0) }; MOST];
/// The original address behind each hook.
static ORIGINALS: [AtomicUsize; MOST] = [const { AtomicUsize::new(0) }; MOST];
/// The function behind each hook.
static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The counts since the last call of this function, by name.
pub(super) fn take() -> BTreeMap<String, u64> {
    let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let counts = names.iter().zip(&COUNTS).map(|(name, count)| (name, count.swap(0, Ordering::Relaxed)));
    counts.filter(|(_, count)| *count > 0).map(|(name, count)| (name.clone(), count)).collect()
}

extern "C" fn count(hook: usize) {
    if counts_functions() {
        COUNTS[hook].fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts, then jumps to the original function with every argument register restored.
#[unsafe(naked)]
extern "C" fn hook<const A: usize, const B: usize>() {
    naked_asm!(
        "push rdi", "push rsi", "push rdx", "push rcx", "push r8", "push r9", "push rax",
        "sub rsp, 128",
        "movups [rsp], xmm0", "movups [rsp + 16], xmm1", "movups [rsp + 32], xmm2",
        "movups [rsp + 48], xmm3", "movups [rsp + 64], xmm4", "movups [rsp + 80], xmm5",
        "movups [rsp + 96], xmm6", "movups [rsp + 112], xmm7",
        "mov edi, {hook}",
        "call {count}",
        "movups xmm0, [rsp]", "movups xmm1, [rsp + 16]", "movups xmm2, [rsp + 32]",
        "movups xmm3, [rsp + 48]", "movups xmm4, [rsp + 64]", "movups xmm5, [rsp + 80]",
        "movups xmm6, [rsp + 96]", "movups xmm7, [rsp + 112]",
        "add rsp, 128",
        "pop rax", "pop r9", "pop r8", "pop rcx", "pop rdx", "pop rsi", "pop rdi",
        "jmp qword ptr [rip + {originals} + {offset}]",
        hook = const ROW * A + B,
        offset = const 8 * (ROW * A + B),
        count = sym count,
        originals = sym ORIGINALS,
    )
}

type Hook = extern "C" fn();

macro_rules! hook_row {
    ($a:ident: $($b:literal)*) => { [$(hook::<$a, $b>),*] };
}

macro_rules! hook_table {
    ($($a:literal)*) => { [$(row::<$a>()),*] };
}

fn row<const A: usize>() -> [Hook; ROW] {
    hook_row!(A: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}

fn hooks() -> [[Hook; ROW]; MOST / ROW] {
    hook_table!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}

/// Replaces the imported functions of the loaded library at `path` by hooks.
pub(super) fn redirect(path: &Path) -> Result<(), &'static str> {
    let path = path.canonicalize().map_err(|_| "it is not there")?;
    let mut search = LibrarySearch { path, found: None };
    // SAFETY: the callback casts its argument back to the type that it has here, and keeps addresses only.
    unsafe { libc::dl_iterate_phdr(Some(find), (&raw mut search).cast()) };
    let (load_address, dynamic) = search.found.ok_or("it is not loaded")?;
    let table = ImportTable::read(load_address, dynamic);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let hooks = hooks();
    for (slot, name) in table.functions() {
        let place = names.iter().position(|known| *known == name).unwrap_or(names.len());
        if place == MOST {
            return Err("it imports more functions than can be counted");
        }
        let hook = hooks[place / ROW][place % ROW] as usize;
        // SAFETY: the slot is a word of the library's table, see `ImportTable`.
        let original = unsafe { slot.read_volatile() };
        if original == 0 || original == hook {
            continue; // optional and absent, or replaced already
        }
        if place == names.len() {
            names.push(name);
        }
        ORIGINALS[place].store(original, Ordering::Release);
        write(slot, hook)?;
    }
    if names.is_empty() { Err("it imports nothing") } else { Ok(()) }
}

/// Writes the address of a hook into a slot, which the loader has made read-only.
fn write(slot: *mut usize, hook: usize) -> Result<(), &'static str> {
    const PAGE: usize = 4096;
    let page = (slot as usize & !(PAGE - 1)) as *mut c_void;
    // SAFETY: the page holds the library's table, which stays loaded; a slot is one aligned word, and every
    // other thread that calls through it reads the old or the new address.
    unsafe {
        if libc::mprotect(page, PAGE, libc::PROT_READ | libc::PROT_WRITE) != 0 {
            return Err("its table cannot be written");
        }
        AtomicUsize::from_ptr(slot).store(hook, Ordering::Release);
    }
    Ok(())
}

struct LibrarySearch {
    path: PathBuf,
    /// The address where it is loaded, and its dynamic section.
    found: Option<(usize, *const DynamicEntry)>,
}

unsafe extern "C" fn find(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes a description that lives through the call, `redirect` its `LibrarySearch`.
    unsafe {
        let (info, search) = (&*info, &mut *data.cast::<LibrarySearch>());
        let name = CStr::from_ptr(info.dlpi_name).to_string_lossy().into_owned();
        if Path::new(&name).canonicalize().ok().as_ref() != Some(&search.path) {
            return 0;
        }
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        let dynamic = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC);
        let load_address = info.dlpi_addr as usize;
        search.found = dynamic
            .map(|header| (load_address, (load_address + header.p_vaddr as usize) as *const DynamicEntry));
        1
    }
}

/// An entry of the dynamic section (ELF-64).
#[repr(C)]
struct DynamicEntry {
    tag: i64,
    value: usize,
}

/// A relocation with addend (ELF-64).
#[repr(C)]
struct RelocationEntry {
    offset: usize,
    info: u64,
    addend: i64,
}

/// The dynamic section of a library: addresses in the library's memory, valid as long as it is loaded.
#[derive(Default)]
struct ImportTable {
    load_address: usize,
    symbols: usize,
    strings: usize,
    /// Address and bytes of both lists of relocations.
    relocations: [(usize, usize); 2],
}

impl ImportTable {
    fn read(load_address: usize, mut dynamic: *const DynamicEntry) -> Self {
        let mut table = Self { load_address, ..Self::default() };
        // Some loaders have added the load_address address, some have not.
        let absolute = |value: usize| if value < load_address { load_address + value } else { value };
        loop {
            // SAFETY: the dynamic section is a list that ends with an entry of tag 0.
            let DynamicEntry { tag, value } = unsafe { dynamic.read() };
            match tag {
                0 => break,
                2 => table.relocations[1].1 = value,
                5 => table.strings = absolute(value),
                6 => table.symbols = absolute(value),
                7 => table.relocations[0].0 = absolute(value),
                8 => table.relocations[0].1 = value,
                23 => table.relocations[1].0 = absolute(value),
                _ => {}
            }
            dynamic = dynamic.wrapping_add(1);
        }
        table
    }

    /// The slot and the name of every imported function.
    fn functions(&self) -> Vec<(*mut usize, String)> {
        const KINDS: [u64; 3] = [1, 6, 7]; // R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT
        let mut functions = Vec::new();
        for (address, bytes) in self.relocations.into_iter().filter(|(address, _)| *address != 0) {
            // SAFETY: the dynamic section gives place and length of the list.
            let relocations = unsafe {
                let count = bytes / size_of::<RelocationEntry>();
                std::slice::from_raw_parts(address as *const RelocationEntry, count)
            };
            for relocation in relocations {
                if KINDS.contains(&(relocation.info & 0xffff_ffff)) && relocation.addend == 0 {
                    let name = self.imported((relocation.info >> 32) as usize);
                    let slot = (self.load_address + relocation.offset) as *mut usize;
                    functions.extend(name.map(|name| (slot, name)));
                }
            }
        }
        functions
    }

    /// The name of a symbol, if it is an imported function.
    fn imported(&self, symbol: usize) -> Option<String> {
        const FUNCTION: u8 = 2;
        // SAFETY: a relocation holds an index of the symbol table, a symbol an offset of a string that ends
        // with 0.
        unsafe {
            let symbol = &*(self.symbols as *const libc::Elf64_Sym).add(symbol);
            let imports = symbol.st_shndx == 0 && symbol.st_info & 0xf == FUNCTION;
            let name = (self.strings + symbol.st_name as usize) as *const std::ffi::c_char;
            imports.then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
        }
    }
}

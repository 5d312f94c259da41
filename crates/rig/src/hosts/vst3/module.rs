//! The library of a .vst3 bundle and its factory. Runs on the main thread.

use libloading::Library;
use std::ffi::{CStr, c_void};
use std::path::{Path, PathBuf};
use vst3::ComPtr;
use vst3::Steinberg::{IPluginFactory, IPluginFactoryTrait, PClassInfo, TUID, kResultOk};

/// The folder of the library within a bundle, and the names of its entry and exit functions.
#[cfg(target_os = "linux")]
const PLACE: (&str, &[u8], &[u8]) = (concat_arch(), b"ModuleEntry\0", b"ModuleExit\0");
#[cfg(target_os = "macos")]
const PLACE: (&str, &[u8], &[u8]) = ("MacOS", b"bundleEntry\0", b"bundleExit\0");
#[cfg(windows)]
const PLACE: (&str, &[u8], &[u8]) = ("x86_64-win", b"InitDll\0", b"ExitDll\0");

#[cfg(target_os = "linux")]
const fn concat_arch() -> &'static str {
    if cfg!(target_arch = "aarch64") { "aarch64-linux" } else { "x86_64-linux" }
}

/// The path of the library in a bundle.
pub(in crate::hosts) fn library_in(bundle: &Path) -> Option<PathBuf> {
    let (folder, _, _) = PLACE;
    let stem = bundle.file_stem()?;
    let folder = bundle.join("Contents").join(folder);
    let mut file = folder.join(stem).into_os_string();
    file.push(if cfg!(windows) {
        ".vst3"
    } else if cfg!(target_os = "macos") {
        ""
    } else {
        ".so"
    });
    let file = PathBuf::from(file);
    file.is_file().then_some(file)
}

/// A library after its entry function; the exit function runs when the last owner is dropped.
pub(in crate::hosts) struct Module {
    // Dropped first, while the library is still there.
    factory: Option<ComPtr<IPluginFactory>>,
    class: TUID,
    library: Library,
}

impl Module {
    /// Loads the library `file` and calls its entry function.
    pub(in crate::hosts) fn enter(file: &Path) -> Result<Self, String> {
        // SAFETY: the caller names a plugin bundle, whose code is to run.
        let library = unsafe { Library::new(file) }.map_err(|error| error.to_string())?;
        let (_, entry, _) = PLACE;
        // SAFETY: the entry function has this type in VST3; its argument, the bundle's handle, is read only
        // by bundles with resources.
        let entered = unsafe {
            let entry = library.get::<unsafe extern "system" fn(*mut c_void) -> bool>(entry);
            entry.map(|entry| entry(std::ptr::null_mut()))
        };
        match entered {
            Err(error) => return Err(error.to_string()),
            Ok(false) => return Err("its entry refused to start".to_owned()),
            Ok(true) => {}
        }
        let mut module = Self { factory: None, class: [0; 16], library };
        // SAFETY: the function has this type in VST3; it returns a counted reference, which ComPtr owns.
        let factory = unsafe {
            let get = module
                .library
                .get::<unsafe extern "system" fn() -> *mut IPluginFactory>(b"GetPluginFactory\0")
                .map_err(|error| error.to_string())?;
            ComPtr::from_raw(get())
        };
        let factory = factory.ok_or_else(|| "it has no factory".to_owned())?;
        module.class = audio_class(&factory).ok_or_else(|| "it holds no audio plugin".to_owned())?;
        module.factory = Some(factory);
        Ok(module)
    }

    pub(super) fn factory(&self) -> Option<&ComPtr<IPluginFactory>> {
        self.factory.as_ref()
    }

    pub(super) fn class(&self) -> &TUID {
        &self.class
    }
}

/// The id of the first class that processes audio.
fn audio_class(factory: &ComPtr<IPluginFactory>) -> Option<TUID> {
    // SAFETY: the factory is alive, and the class info is plain data that it fills, texts ended by zero.
    unsafe {
        (0..factory.countClasses()).find_map(|index| {
            let mut info: PClassInfo = std::mem::zeroed();
            let filled = factory.getClassInfo(index, &mut info) == kResultOk;
            let is_audio = CStr::from_ptr(info.category.as_ptr()) == c"Audio Module Class";
            (filled && is_audio).then_some(info.cid)
        })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.factory = None;
        let (_, _, exit) = PLACE;
        // SAFETY: the exit function has this type in VST3; no object of the library is left.
        unsafe {
            if let Ok(exit) = self.library.get::<unsafe extern "system" fn() -> bool>(exit) {
                exit();
            }
        }
    }
}

//! Which model a project plays, by the path of its file, whatever that is called.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Which model plays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelChoice {
    /// The model file as text; none is the built-in model.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The bytes of a path that is no text, in hexadecimal: Unix allows any.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// The SHA-256 of the file that was loaded, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why the file could not be used, in a sentence. Written for whoever reads the state, ignored when
    /// it is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl ModelChoice {
    /// The model in this file, wherever the host's working folder is by then.
    pub fn of(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let bytes = path.to_str().is_none().then(|| hexadecimal(path.as_os_str().as_encoded_bytes()));
        Self { path: Some(path.to_string_lossy().into_owned()), bytes, ..Self::default() }
    }

    /// The model file; none is the built-in model.
    pub fn file(&self) -> Option<PathBuf> {
        let text = self.path.as_ref()?;
        let exact = self.bytes.as_deref().and_then(path_of_bytes);
        // Bytes of another path than the text are a leftover: somebody has edited the text.
        Some(exact.filter(|exact| exact.to_string_lossy() == **text).unwrap_or_else(|| text.into()))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The path of these bytes where the system has such paths. (On Windows one with half a character in it is
/// not found again; no program of its own makes such a name.)
fn path_of_bytes(digits: &str) -> Option<PathBuf> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|digits| pair(digits)).collect::<Option<_>>()?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(std::ffi::OsString::from_vec(bytes).into())
    }
    #[cfg(not(unix))]
    {
        String::from_utf8(bytes).ok().map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &Path) {
        let text = serde_json::to_string(&ModelChoice::of(path)).expect("JSON");
        let choice: ModelChoice = serde_json::from_str(&text).expect("what was written");
        assert_eq!(choice.file().as_deref(), Some(path), "{text}");
    }

    #[test]
    fn a_path_of_any_name_comes_back() {
        let folder = std::env::temp_dir();
        for name in
            ["plain", "späce and ütf 鼓", "[]?*!|@", "\"quoted\\ 'twice'", "a\nline", "~", "%20", "🥁"]
        {
            check(&folder.join(name));
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            check(&folder.join(std::ffi::OsStr::from_bytes(b"no \xff text \xc3")));
        }
    }

    #[test]
    fn a_path_that_was_edited_is_what_it_says() {
        for bytes in ["ff", "f", "no digits", "é", "++", ""] {
            let text = serde_json::json!({"path": "/the text", "bytes": bytes}).to_string();
            let choice: ModelChoice = serde_json::from_str(&text).expect("texts");
            assert_eq!(choice.file(), Some("/the text".into()));
        }
        assert_eq!(ModelChoice::default().file(), None);
    }
}

//! Plain words: no name of ours is a word that only its authors understand, and a type's name belongs to one
//! crate. Reads every source file; builds nothing.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The crates in the order of precedence: of two that define a type of one name, the later renames its own.
const ROOMS: [&str; 15] = [
    "beat", "corpus", "nets", "train", "plugin", "score", "proof", "rig", "lab", "drums", "drag", "keys",
    "xtask", "tests", "fuzz",
];

/// Words, with their inflections, that no identifier, file or flag may contain, and what to write instead.
const PLAIN: [(&str, &str); 25] = [
    ("yardstick yardsticks", "evaluation set"),
    ("asked asking", "phrase evaluation"),
    ("told", "scored (critics), expected range (rig)"),
    ("foreteller foretellers", "next-step model, sequence model"),
    ("chance chances", "rng, probability"),
    ("dice", "rng; counter-based rng"),
    ("walk walks walked walking walker", "generation state, step decoder"),
    ("pick picks picked picking", "sample_categorical, choose"),
    ("hear hears heard hearing sees seen", "encode features, context; for sound: recorded, played"),
    ("said", "output"),
    ("answering", "output head"),
    ("near", "relative position bias; nearest, close"),
    ("reach", "attention window"),
    ("slope slopes", "gradients"),
    ("stray strays strayed", "edit distance from the base bar"),
    ("home", "theme"),
    ("base", "theme"),
    ("touch touches touched", "velocities, dynamics; for a control: change, edit"),
    ("book shelf", "passes, bank fixtures"),
    ("covered", "coverage"),
    ("moment moments", "block script, time"),
    ("patience", "timeout"),
    ("hiss", "noise"),
    ("law laws", "decoder version, rule"),
    ("desk hands studio ears", "shared state, view state, actions, or what it is"),
];

/// Names of types that say nothing; as words in other names they are ordinary English.
const TYPES: [&str; 4] = ["Stage", "Came", "Plays", "Sourced"];

/// Ordinary words in the sentences that name tests; a name of five words or more is one.
const IN_SENTENCES: [&str; 6] = ["said", "near", "told", "base", "home", "moment"];

/// Names that are ordinary here or not ours to choose: where (the beginning of a path), the name, the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("crates/corpus/", "WalkDir", "of the crate walkdir"),
    ("plugin/src/editor/tests/", "TouchPhase", "of the toolkit, egui"),
    ("plugin/src/export.rs", "home_dir", "of the crate dirs"),
    ("crates/rig/src/hosts/vst3/", "IPluginBaseTrait", "of the VST3 interfaces"),
];

#[test]
fn every_name_is_plain_and_a_type_has_one_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut names = Names::default();
    for folder in ["crates", "plugin", "tests", "xtask", "fuzz"] {
        for file in rust_files(&root.join(folder)) {
            let shown = file.strip_prefix(&root).expect("a file in the checkout").to_owned();
            let source = std::fs::read_to_string(&file).expect("a source file is text");
            let tokens = source.parse().unwrap_or_else(|error| panic!("{}: {error}", shown.display()));
            names.read(&shown, tokens);
        }
    }
    names.compare_types();
    let found: Vec<&String> = names.found.values().flatten().collect();
    let lines: String = found.iter().map(|line| format!("\n{line}")).collect();
    assert!(found.is_empty(), "{} names to change:{lines}", found.len());
}

/// The source files under a folder, in order.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    for path in entries.map(|entry| entry.expect("a folder's entry").path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What is read of the sources.
#[derive(Default)]
struct Names {
    /// Findings by crate.
    found: BTreeMap<&'static str, Vec<String>>,
    /// Where each type is defined: crate, file and line.
    types: BTreeMap<String, Vec<(&'static str, String)>>,
}

impl Names {
    fn read(&mut self, file: &Path, tokens: TokenStream) {
        let text = file.to_string_lossy().replace('\\', "/");
        let room = text.split('/').find_map(|part| ROOMS.iter().find(|room| **room == part));
        let room = *room.unwrap_or_else(|| panic!("{text}: ROOMS lacks its crate"));
        let mut identifiers = BTreeMap::from([(text.clone(), (1, 1))]);
        let (_, inside) = text.split_once(room).unwrap_or_default();
        let exempt =
            ["/tests/", "/tests.rs", "/benches/", "/entries/"].iter().any(|part| inside.contains(part));
        self.visit((room, &text), tokens, !exempt, &mut identifiers);
        for (name, (line, count)) in identifiers {
            let excepted = |(path, of, _): &(&str, &str, &str)| *of == name && text.starts_with(path);
            if EXCEPTIONS.iter().any(excepted) {
                continue;
            }
            if let Some((word, plain)) = not_plain(&name) {
                let finding =
                    format!("{text}:{line}: {name} ({count} times): instead of {word} write {plain}");
                self.found.entry(room).or_default().push(finding);
            }
        }
    }

    /// Collects identifiers and spelt-out flags, and the types that are defined outside test modules.
    fn visit(
        &mut self,
        (room, file): (&'static str, &str),
        tokens: TokenStream,
        types: bool,
        identifiers: &mut BTreeMap<String, (usize, usize)>,
    ) {
        let mut before = [const { String::new() }; 2];
        for token in tokens {
            let line = token.span().start().line;
            let text = match token {
                TokenTree::Group(group) => {
                    let tests = before[0] == "mod" && before[1] == "tests";
                    self.visit((room, file), group.stream(), types && !tests, identifiers);
                    String::new()
                }
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    if types && ["struct", "enum", "trait", "union"].contains(&before[1].as_str()) {
                        self.types.entry(name.clone()).or_default().push((room, format!("{file}:{line}")));
                    }
                    identifiers.entry(name.clone()).or_insert((line, 0)).1 += 1;
                    name
                }
                TokenTree::Literal(text)
                    if ["long", "name"].contains(&before[0].as_str()) && before[1] == "=" =>
                {
                    identifiers.entry(text.to_string()).or_insert((line, 0)).1 += 1;
                    String::new()
                }
                other => other.to_string(),
            };
            before = [std::mem::take(&mut before[1]), text];
        }
    }

    /// Finds types whose name another crate has too.
    fn compare_types(&mut self) {
        for (name, mut defined) in std::mem::take(&mut self.types) {
            defined.sort_by_key(|(room, _)| ROOMS.iter().position(|of| of == room));
            let (first, at) = defined[0].clone();
            for (room, here) in defined.into_iter().filter(|(room, _)| *room != first) {
                let finding = format!("{here}: the type {name} is also in {first} ({at}); rename this one");
                self.found.entry(room).or_default().push(finding);
            }
        }
    }
}

/// The first word in a name that is not plain, and what to write instead.
fn not_plain(name: &str) -> Option<(&str, &'static str)> {
    if TYPES.contains(&name) {
        return Some((name, "what it is"));
    }
    if format!("_{}_", name.to_lowercase()).contains("_go_on_") {
        return Some(("go_on", "generate, continue"));
    }
    let words = words(name);
    let sentence = words.len() >= 5 && !name.contains('/');
    let plain = |word: &str| {
        let listed = PLAIN.iter().find(|(old, _)| old.split(' ').any(|old| old == word))?;
        (!sentence || !IN_SENTENCES.contains(&word)).then_some(listed.1)
    };
    words.iter().find_map(|word| Some((*word, plain(&word.to_lowercase())?)))
}

/// The words of a snake_case or CamelCase name or of a path.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let mut start = 0;
        for (at, _) in part.match_indices(char::is_uppercase) {
            let after_small = part[..at].ends_with(|c: char| !c.is_uppercase());
            if after_small {
                words.push(&part[start..at]);
                start = at;
            }
        }
        words.push(&part[start..]);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn names_are_split_into_words() {
    assert_eq!(words("GenreEar"), ["Genre", "Ear"]);
    assert_eq!(words("crates/lab/yard_stick.rs"), ["crates", "lab", "yard", "stick", "rs"]);
    assert_eq!(not_plain("told_ranges"), Some(("told", "scored (critics), expected range (rig)")));
    assert_eq!(not_plain("the_host_is_told_once"), None);
}

//! The walls between the crates: which dependencies each must not have. `cargo tree` lists what a crate
//! would be built with, so a feature that one crate switches on does not blame another.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata")
}

/// The names of all crates that `package` is built from on `target`, tests left out.
fn crates(package: &str, target: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--edges", "normal,build", "--no-dedupe"])
        .args(["--package", package, "--target", target, "--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo tree can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree of {package} for {target}: {complaint}");
    let text = String::from_utf8(output.stdout).expect("crate names are text");
    let mut names: Vec<String> =
        text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    assert!(names.iter().any(|name| name == package), "the tree of {package} holds {package}: {names:?}");
    names
}

/// `package` is built without any crate whose name starts with one of these.
fn keeps_out(package: &str, target: &str, unwanted: &[&str]) {
    let inside: Vec<String> = crates(package, target)
        .into_iter()
        .filter(|name| unwanted.iter().any(|unwanted| name.starts_with(unwanted)))
        .collect();
    assert!(inside.is_empty(), "{package} for {target} is built with {inside:?}");
}

#[test]
fn the_beat_needs_nothing_but_libm() {
    let names = crates("beat", "all");
    let others: Vec<&String> =
        names.iter().filter(|name| !["beat", "libm"].contains(&name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
    let source = std::fs::read_to_string(root().join("crates/beat/src/lib.rs")).expect("the beat's source");
    assert!(source.lines().any(|line| line.starts_with("#![no_std]")), "the beat is no_std");
    assert!(!source.contains("extern crate"), "the beat has neither std nor alloc");
}

#[test]
fn the_drums_need_nothing_but_the_beat_and_libm() {
    let names = crates("drums", "all");
    assert!(names.iter().all(|name| ["beat", "drums", "libm"].contains(&name.as_str())), "{names:?}");
    let source = std::fs::read_to_string(root().join("crates/drums/src/lib.rs")).expect("the drums' source");
    assert!(source.lines().any(|line| line.starts_with("#![no_std]")), "the drums are no_std");
    assert!(!source.contains("extern crate"), "the drums have neither std nor alloc");
}

#[test]
fn networks_stay_out_of_the_beat_the_corpus_and_the_rig() {
    for package in ["beat", "corpus", "rig"] {
        keeps_out(package, "all", &["burn", "nets", "nice-plug", "egui"]);
    }
}

#[test]
fn the_plugin_cannot_train() {
    keeps_out(
        "beatfield",
        "all",
        &["burn-autodiff", "burn-optim", "burn-train", "bhtsne", "rig", "lab", "train", "corpus"],
    );
    keeps_out("nets", "all", &["burn-autodiff", "burn-optim", "burn-train", "nice-plug", "egui"]);
}

#[test]
fn training_knows_no_command_line_and_no_window() {
    keeps_out("train", "all", &["clap", "indicatif", "ctrlc", "plotters", "nice-plug", "egui", "lab"]);
}

#[test]
fn the_page_on_architecture_says_what_depends_on_what() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page");
    let (_, block) = page.split_once("What depends on what").expect("the page has the list");
    let block = block.split("```").nth(1).expect("the list stands in a block");
    let written: Vec<Vec<&str>> = block.lines().filter(|line| !line.is_empty()).map(crates_of_line).collect();

    let metadata = metadata();
    let mut ours: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut listed: Vec<&str> = written.iter().map(|line| line[0]).collect();
    ours.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, ours, "every crate has its line");
    for package in &metadata.packages {
        let normal = |kind| kind == DependencyKind::Normal;
        let mut needs: Vec<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some() && normal(dependency.kind))
            .map(|dependency| dependency.name.as_str())
            .collect();
        needs.sort_unstable();
        let line = written.iter().find(|line| line[0] == package.name.as_str());
        assert_eq!(line.map(|line| &line[1..]), Some(&needs[..]), "the line of {}", package.name);
    }
}

/// Of `plugin (beatfield)   beat nets` the crate's name and what it depends on: a name in brackets behind
/// a folder is the crate's; what stands in brackets at the end is a remark.
fn crates_of_line(line: &str) -> Vec<&str> {
    let (room, needs) = line.split_once("  ").expect("two columns");
    let name = room.split_once('(').map_or(room, |(_, name)| name.trim_end_matches(')'));
    let needs = needs.trim().split(" (").next().unwrap_or_default();
    let needs = if needs == "nothing of ours" { "" } else { needs };
    let mut needs: Vec<&str> = needs.split_whitespace().collect();
    needs.sort_unstable();
    [&[name][..], &needs].concat()
}

#[test]
fn nothing_depends_on_the_lab() {
    for package in &metadata().packages {
        let lab = package.dependencies.iter().find(|dependency| dependency.name == "lab");
        assert!(lab.is_none(), "{} depends on the lab", package.name);
    }
}

#[test]
fn only_the_proof_can_plant_faults() {
    for package in &metadata().packages {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.name == "beat") {
            let plants = dependency.features.iter().any(|feature| feature == "faults");
            assert_eq!(plants, package.name == "proof", "{} asks for the beat's faults", package.name);
        }
    }
}

#[test]
fn cargo_xtask_starts_at_once() {
    let metadata = metadata();
    let xtask = metadata.packages.iter().find(|package| package.name == "xtask").expect("xtask is a package");
    for dependency in &xtask.dependencies {
        assert!(dependency.path.is_none(), "xtask depends on {}, which is ours", dependency.name);
        assert_ne!(dependency.kind, DependencyKind::Build, "xtask runs {} before it starts", dependency.name);
    }
    keeps_out("xtask", "all", &["burn", "egui", "nice-plug-egui", "baseview"]);
}

#[test]
fn linux_stays_on_linux() {
    for target in ["x86_64-pc-windows-msvc", "aarch64-apple-darwin"] {
        for package in ["beatfield", "drag", "keys", "rig", "lab", "xtask"] {
            keeps_out(package, target, &["x11", "xcb", "wayland", "alsa", "jack"]);
        }
    }
    assert!(
        crates("beatfield", "x86_64-unknown-linux-gnu").iter().any(|name| name.starts_with("x11")),
        "the check above looks for a name that no window on Linux has"
    );
}

/// Hosts show these names in their piano rolls.
#[test]
fn the_note_names_that_are_packed_are_those_of_the_default_kit() {
    let packed = std::fs::read_to_string(root().join("dist/note-names.txt")).expect("the list of note names");
    let kit = beat::Kit::DEFAULT.notes().iter().zip(beat::DEFAULT_INSTRUMENT_NAMES);
    let lines: Vec<String> = kit.map(|(note, name)| format!("{note} {name}")).collect();
    assert_eq!(packed.to_lowercase().lines().collect::<Vec<_>>(), lines);
}

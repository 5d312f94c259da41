//! macOS: what the bundles need there beyond the framework's bundler, and the type check of everything for both
//! kinds of Mac from any machine.
//!
//! A plugin on macOS is a folder. The framework's bundler lays it out, but gives every plugin its own identifier and
//! the version 1.0.0; here `Info.plist` and `PkgInfo` are written anew, and the bundle is signed again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Serialize;

use crate::machine::{self, PLUGIN};
use crate::{bundle, child, forward};

/// Both kinds of Mac; one universal binary holds the code of both.
const TARGETS: [&str; 2] = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
/// The oldest system that runs on both.
const OLDEST_SYSTEM: &str = "11.0";

/// The keys of a bundle that Apple documents in *Information Property List*, of those that concern a plugin.
#[derive(Serialize)]
struct InfoPlist<'a> {
    #[serde(rename = "CFBundleDevelopmentRegion")]
    region: &'a str,
    #[serde(rename = "CFBundleExecutable")]
    executable: &'a str,
    #[serde(rename = "CFBundleIdentifier")]
    identifier: &'a str,
    #[serde(rename = "CFBundleInfoDictionaryVersion")]
    dictionary_version: &'a str,
    #[serde(rename = "CFBundleName")]
    name: &'a str,
    #[serde(rename = "CFBundleDisplayName")]
    display_name: &'a str,
    #[serde(rename = "CFBundlePackageType")]
    package_type: &'a str,
    #[serde(rename = "CFBundleSignature")]
    signature: &'a str,
    #[serde(rename = "CFBundleShortVersionString")]
    version: &'a str,
    #[serde(rename = "CFBundleVersion")]
    build: &'a str,
    #[serde(rename = "CFBundleSupportedPlatforms")]
    platforms: [&'a str; 1],
    #[serde(rename = "LSMinimumSystemVersion")]
    oldest_system: &'a str,
    #[serde(rename = "NSHighResolutionCapable")]
    sharp: bool,
}

/// Completes a bundle, a folder with the library at `Contents/MacOS/Beatfield`: writes `Contents/Info.plist` and
/// `Contents/PkgInfo`.
fn write_metadata(bundle: &Path) -> anyhow::Result<()> {
    const NAME: &str = "Beatfield";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    // Each bundle of a machine needs an identifier of its own.
    let format = bundle.extension().context("a bundle's name ends in its format")?.to_string_lossy();
    let info = InfoPlist {
        region: "en",
        executable: NAME,
        identifier: &format!("org.beatfield.{format}"),
        dictionary_version: "6.0",
        name: NAME,
        display_name: NAME,
        package_type: "BNDL",
        signature: "????",
        version: VERSION,
        build: VERSION,
        platforms: ["MacOSX"],
        oldest_system: OLDEST_SYSTEM,
        sharp: true,
    };
    let contents = bundle.join("Contents");
    plist::to_file_xml(contents.join("Info.plist"), &info)
        .with_context(|| format!("writing {}", contents.join("Info.plist").display()))?;
    fs::write(contents.join("PkgInfo"), format!("{}{}", info.package_type, info.signature))
        .with_context(|| format!("writing {}", contents.join("PkgInfo").display()))
}

/// Completes and signs both bundles in `bundles`.
pub(crate) fn complete(bundles: &Path) -> anyhow::Result<()> {
    for bundle in ["Beatfield.clap", "Beatfield.vst3"].map(|name| bundles.join(name)) {
        write_metadata(&bundle)?;
        sign(&bundle)?;
    }
    Ok(())
}

/// Signs a bundle without an identity (*ad hoc*), which Macs with Apple's processors require of all code. It does not
/// satisfy Gatekeeper: whoever downloads it takes the quarantine off, as the README of the archive says.
fn sign(bundle: &Path) -> anyhow::Result<()> {
    let mut sign = Command::new("codesign");
    sign.args(["--force", "--sign", "-"]).arg(bundle);
    child::run(&mut sign, "signing the bundle")
}

/// Builds the plugin for both kinds of Mac and returns the folder of its universal bundles, with the standalone and
/// the licences. It needs a Mac: the linker wants Apple's frameworks.
pub(crate) fn universal() -> anyhow::Result<PathBuf> {
    machine::require_targets(&TARGETS)?;
    let target_folder = machine::target()?;
    let standalone =
        ["build", "--release", "--package", PLUGIN, "--bin", forward::STANDALONE, "--features", "standalone"];
    for target in TARGETS {
        for program in [&bundle::library("release")[..], &standalone] {
            let mut build = child::cargo();
            build.args(program).args(["--target", target]);
            child::run(build.env("MACOSX_DEPLOYMENT_TARGET", OLDEST_SYSTEM), "building the plugin")?;
        }
    }
    bundle::write_bundles(&target_folder, "--release", true)?;
    let bundles = machine::bundles()?;
    let mut join = Command::new("lipo");
    join.arg("-create")
        .args(TARGETS.map(|target| target_folder.join(target).join("release").join(forward::STANDALONE)));
    child::run(join.arg("-output").arg(bundles.join(forward::STANDALONE)), "joining the standalone")?;
    bundle::copy_licences(machine::root()?, &bundles).context("copying the licences")?;
    Ok(bundles)
}

#[derive(clap::Args)]
pub(crate) struct CheckOptions {
    /// Check for macOS; nothing is linked, so this needs no Mac
    #[arg(long, required = true)]
    macos: bool,
}

/// Type-checks everything, tests and standalone included, for both kinds of Mac; a warning is an error.
pub(crate) fn check(_: &CheckOptions) -> anyhow::Result<()> {
    machine::require_targets(&TARGETS)?;
    for target in TARGETS {
        let mut clippy = child::cargo();
        clippy.args(["clippy", "--workspace", "--all-targets", "--features", "beatfield/standalone"]);
        clippy.args(["--target", target, "--", "--deny=warnings"]);
        // A dependency of the benchmarks has a little C. Nothing is linked, so no compiler for macOS is needed.
        for tool in ["CC", "AR"] {
            clippy.env(format!("{tool}_{}", target.replace('-', "_")), "true");
        }
        child::run(&mut clippy, &format!("checking for {target}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_the_keys_that_apple_documents() {
        for format in ["clap", "vst3"] {
            let place = tempfile::tempdir().expect("a folder");
            let bundle = place.path().join("Beatfield").with_extension(format);
            fs::create_dir_all(bundle.join("Contents/MacOS")).expect("a folder");
            fs::write(bundle.join("Contents/MacOS/Beatfield"), "code").expect("a file");
            write_metadata(&bundle).expect("it can be written");

            let info = plist::Value::from_file(bundle.join("Contents/Info.plist")).expect("a property list");
            let info = info.as_dictionary().expect("a dictionary");
            let text = |key: &str| info.get(key).and_then(plist::Value::as_string).unwrap_or_default();
            // CFBundleExecutable names a file in Contents/MacOS, CFBundlePackageType is BNDL for a loadable bundle.
            assert!(bundle.join("Contents/MacOS").join(text("CFBundleExecutable")).is_file());
            assert_eq!(text("CFBundlePackageType"), "BNDL");
            let package = fs::read_to_string(bundle.join("Contents/PkgInfo")).expect("it is there");
            assert_eq!(package, format!("{}{}", text("CFBundlePackageType"), text("CFBundleSignature")));
            // A reverse domain name of letters, digits, hyphens and periods, different for each bundle.
            let identifier = text("CFBundleIdentifier");
            assert!(identifier.ends_with(format), "{identifier}");
            assert!(identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'));
            // Both versions are one to three numbers between periods.
            for version in [text("CFBundleVersion"), text("CFBundleShortVersionString")] {
                assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{version}");
                assert!((1..=3).contains(&version.split('.').count()), "{version}");
            }
            assert_eq!(text("CFBundleShortVersionString"), env!("CARGO_PKG_VERSION"));
            assert_eq!(text("CFBundleInfoDictionaryVersion"), "6.0");
            assert_eq!(text("LSMinimumSystemVersion"), OLDEST_SYSTEM);
            assert!(text("CFBundleName").len() < 16, "at most 15 characters are shown");
            assert_eq!(info.get("NSHighResolutionCapable").and_then(plist::Value::as_boolean), Some(true));
        }
    }
}

//! The order of the host's crates, and that no files of a crate need each other in a circle.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

mod files;

use slm_testkit::repository::root;
use std::{collections::BTreeSet, fs, path::Path};

/// Crates of the host, each of which may use only those behind it.
const ORDER: [&str; 9] =
    ["cli", "report", "decide", "sweep", "device", "results", "provision", "plan", "stats"];

/// The package of a crate of the host.
fn package(name: &str) -> String {
    format!("slm-{}", if name == "cli" { "bench" } else { name })
}

/// Names in the tables of dependencies whose own names end in `kind`.
fn dependencies(manifest: &toml::Table, kind: &str) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.as_table()).chain([manifest]);
    let names = tables.filter_map(|table| table.get(kind)?.as_table()).flat_map(toml::Table::keys);
    names.cloned().collect()
}

fn folders(of: &Path) -> Vec<String> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().join("Cargo.toml").is_file());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn crates_use_only_those_below_them() {
    let harness = root().join("harness");
    for name in folders(&harness).into_iter().filter(|name| name != "testkit") {
        let place = ORDER.iter().position(|known| *known == name);
        let place = place.unwrap_or_else(|| panic!("{name} has no place in the order of crates"));
        let text = fs::read_to_string(harness.join(&name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let above: BTreeSet<String> =
            ORDER[..=place].iter().map(|name| package(name)).chain([package("testkit")]).collect();
        for kind in ["dependencies", "build-dependencies"] {
            let wrong: Vec<_> = dependencies(&manifest, kind).intersection(&above).cloned().collect();
            assert!(wrong.is_empty(), "{name} depends on what is not below it: {wrong:?}");
        }
    }
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    let harness = folders(&root().join("harness")).into_iter().map(|name| format!("harness/{name}"));
    let beside = folders(&root()).into_iter().filter(|name| name != "fuzz");
    let circles: Vec<Vec<String>> =
        harness.chain(beside).flat_map(|name| files::circles(&root(), &name)).collect();
    assert!(circles.is_empty(), "files need each other in circles: {circles:#?}");
}

//! Prepares the stubs of the standard library: their texts one after the other, and where in each its definitions are, so
//! that nothing is unpacked, copied or searched when a program starts.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[path = "src/typeshed/scan.rs"]
mod scan;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/typeshed/scan.rs");
    let stubs = ty_vendored::file_system();
    let mut folders = vec!["stdlib".to_owned()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in stubs.read_directory(&*folder) {
            let path = entry.path().as_str().to_owned();
            if entry.file_type().is_directory() {
                folders.push(path);
            } else if path.ends_with(".pyi") {
                paths.push(path);
            }
        }
    }
    paths.sort();

    let mut texts = String::new();
    let mut outline: Vec<u32> = Vec::new();
    let mut code = String::from("static STUBS: &[Stub] = &[\n");
    for path in &paths {
        let text = stubs
            .read_to_string(&**path)
            .expect("a stub that is listed can be read");
        let (text_start, outline_start) = (texts.len(), outline.len());
        for definition in scan::definitions(&text) {
            let numbers = [
                definition.name.start,
                definition.name.end,
                usize::from(definition.is_class),
                definition.lines.start,
                definition.lines.end,
            ];
            outline.extend(numbers.map(|number| u32::try_from(number).expect("stubs are short")));
        }
        texts.push_str(&text);
        writeln!(
            code,
            "Stub {{ path: {path:?}, text: {text_start}..{}, outline: {outline_start}..{} }},",
            texts.len(),
            outline.len(),
        )
        .expect("strings can be written to");
    }
    code.push_str("];\nstatic VERSIONS: &[(&str, (u8, u8), Option<(u8, u8)>)] = &[\n");
    let versions = stubs
        .read_to_string("stdlib/VERSIONS")
        .expect("the stubs say which versions have them");
    let mut versions: Vec<_> = versions.lines().filter_map(version).collect();
    versions.sort();
    for version in versions {
        writeln!(code, "{version:?},").expect("strings can be written to");
    }
    code.push_str("];\n");

    let out = env::var("OUT_DIR").expect("cargo says where to write");
    let out = Path::new(&out);
    let outline: Vec<u8> = outline.iter().flat_map(|word| word.to_le_bytes()).collect();
    fs::write(out.join("stubs.txt"), texts).expect("the output folder can be written to");
    fs::write(out.join("outline.bin"), outline).expect("the output folder can be written to");
    fs::write(out.join("stubs.rs"), code).expect("the output folder can be written to");
}

/// A line of typeshed's `VERSIONS`: a module, the first version that has it, and the last one if it is gone.
fn version(line: &str) -> Option<(&str, (u8, u8), Option<(u8, u8)>)> {
    let number = |text: &str| -> Option<(u8, u8)> {
        let (major, minor) = text.trim().split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let (module, range) = line.split('#').next()?.split_once(':')?;
    let (from, to) = range.split_once('-')?;
    Some((module.trim(), number(from)?, number(to)))
}

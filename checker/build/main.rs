//! Prepares the stubs of the standard library: their texts one after the other, and an outline of each, which says what its
//! names stand for and which lines say so. So nothing is unpacked, copied or searched when a program starts, and no stub is
//! parsed but for the definitions that a program uses.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[path = "../src/reach/decide.rs"]
#[allow(dead_code, reason = "the checker uses the rest")]
mod decide;
#[path = "../src/typeshed/format.rs"]
#[allow(dead_code, reason = "the checker uses the rest")]
mod format;
mod outline;

fn main() {
    for path in [
        "build",
        "stubs",
        "src/reach/decide.rs",
        "src/typeshed/format.rs",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    let vendored = ty_vendored::file_system();
    let mut folders = vec!["stdlib".to_owned()];
    let mut stubs = vec![own("__static__")];
    while let Some(folder) = folders.pop() {
        for entry in vendored.read_directory(&*folder) {
            let path = entry.path().as_str().to_owned();
            if entry.file_type().is_directory() {
                folders.push(path);
            } else if path.ends_with(".pyi") {
                let text = vendored
                    .read_to_string(&*path)
                    .expect("a stub that is listed can be read");
                stubs.push((path, text));
            }
        }
    }
    stubs.sort();

    let mut texts = String::new();
    let mut pool = outline::Pool::default();
    let mut code = String::from("static STUBS: &[Stub] = &[\n");
    for (path, text) in &stubs {
        let start = texts.len();
        let outline = outline::write(path, text, &mut pool);
        texts.push_str(text);
        writeln!(
            code,
            "Stub {{ path: {path:?}, text: {start}..{}, facts: {:?}, chunks: {:?} }},",
            texts.len(),
            outline.facts,
            outline.chunks,
        )
        .expect("strings can be written to");
    }
    writeln!(code, "];\nstatic MASKS: &[u64] = &{:?};", pool.masks)
        .expect("strings can be written to");
    code.push_str("static VERSIONS: &[(&str, (u8, u8), Option<(u8, u8)>)] = &[\n");
    let versions = vendored
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
    let write = |name: &str, content: &[u8]| {
        fs::write(out.join(name), content).expect("the output folder can be written to");
    };
    let bytes = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    write("stubs.txt", texts.as_bytes());
    write("names.txt", pool.names.as_bytes());
    write("facts.bin", &bytes(&pool.facts));
    write("chunks.bin", &bytes(&pool.chunks));
    write("stubs.rs", code.as_bytes());
}

/// A stub of ours, by the name of its module.
fn own(module: &str) -> (String, String) {
    let text =
        fs::read_to_string(format!("stubs/{module}.pyi")).expect("our own stubs can be read");
    (format!("keelback/{module}.pyi"), text)
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

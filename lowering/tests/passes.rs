//! Passes on functions in text form: each file `tests/passes/*.kbc` holds cases, separated by lines of `===`, of a header `pass: NAME`, a function, a line of
//! `---`, and what becomes of it (or, for `pass: verify`, the errors). For `pass: inline`, the bodies that calls may go to follow, each after a line `callee`. `KEELBACK_BLESS=1` writes what is found into the files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_lowering::function::{CellKind, CellRef, Function, MethodRef, Origin};
use keelback_lowering::passes::{
    cleanup, definite_assignment, errors, inline, ownership, ranges, redundancy, simplify,
};
use keelback_lowering::{pipeline, text, verify};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.flatten().map(|e| e.path()).collect())
        .unwrap_or_default();
    files.sort();
    let trials = files
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "kbc"))
        .map(|path| {
            let name = path
                .file_stem()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            Trial::test(name, move || run(&path))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(path: &Path) -> Result<(), Failed> {
    let source = fs::read_to_string(path)?;
    let mut blessed = Vec::new();
    let mut wrong = None;
    for case in source.split("\n===\n") {
        let case = format!("{case}\n");
        let (before, expected) = case.split_once("\n---\n").unwrap_or((&case, ""));
        let found = one(before).map_err(Failed::from)?;
        if found.trim() != expected.trim() {
            wrong.get_or_insert(format!("expected:\n{expected}\nfound:\n{found}"));
        }
        blessed.push(format!("{}\n---\n{}", before.trim_end(), found.trim_end()));
    }
    if std::env::var_os("KEELBACK_BLESS").is_some() {
        fs::write(path, blessed.join("\n===\n") + "\n")?;
        return Ok(());
    }
    wrong.map_or(Ok(()), |w| Err(Failed::from(w)))
}

fn one(before: &str) -> Result<String, String> {
    let (header, rest) = before
        .trim_start()
        .split_once('\n')
        .ok_or("a case starts with `pass: NAME`")?;
    let pass = header
        .strip_prefix("pass: ")
        .ok_or("a case starts with `pass: NAME`")?;
    let mut texts = rest.split("\ncallee\n");
    let first = texts.next().unwrap_or_default();
    let mut function = text::parse(first).map_err(|e| e.to_string())?;
    let callees = texts
        .map(|t| text::parse(t).map(Arc::new).map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    let verified = |f: &Function, when: &str| {
        verify::verify(f).map_err(|errors| {
            let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("{when}:\n{}", list.join("\n"))
        })
    };
    if pass == "verify" {
        return Ok(match verified(&function, "errors") {
            Ok(()) => "valid".to_owned(),
            Err(list) => list,
        });
    }
    verified(&function, "before")?;
    let mut notes = String::new();
    match pass {
        "definite_assignment" => {
            for read in definite_assignment::run(&mut function) {
                notes += &format!(
                    "; {} is always unbound on line {}\n",
                    read.local, read.span.line
                );
            }
        }
        "simplify" => simplify::run(&mut function),
        "redundancy" => redundancy::run(&mut function),
        "ranges" => ranges::run(&mut function),
        "inline" => inline::run(&mut function, &Bodies(callees)),
        "errors" => errors::run(&mut function),
        "ownership" => {
            ownership::run(&mut function);
            verify::verify_ownership(&function).map_err(|errors| {
                let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
                format!("{}\n{}", list.join("\n"), text::print(&function))
            })?;
        }
        "order" => cleanup::order(&mut function),
        "0" | "1" | "2" => pipeline::optimise(&mut function, pass.parse().unwrap_or(0)),
        other => return Err(format!("`{other}` is no pass")),
    }
    verified(&function, "after")?;
    function.renumber();
    let printed = text::print(&function);
    let again = text::parse(&printed).map_err(|e| e.to_string())?;
    if again != function {
        return Err(format!("the text does not come back:\n{printed}"));
    }
    Ok(notes + &printed)
}

/// Bodies of a case: a cell goes to the one of its symbol, a slot to all that have its name.
struct Bodies(Vec<Arc<Function>>);

impl inline::Callees for Bodies {
    fn bound(&self, cell: &CellRef) -> Option<Arc<Function>> {
        let (symbol, constructs) = match &cell.kind {
            CellKind::Function { target, .. } => (target, false),
            CellKind::Class { target, .. } => (target, true),
            CellKind::Direct { function } => (function, false),
        };
        let fits =
            |b: &&Arc<Function>| b.symbol == *symbol && constructs == (b.origin != Origin::Source);
        self.0.iter().find(fits).cloned()
    }

    fn overrides(&self, method: &MethodRef) -> Vec<Option<Arc<Function>>> {
        let named = self.0.iter().filter(|b| b.symbol.name() == &*method.name);
        named.cloned().map(Some).collect()
    }
}

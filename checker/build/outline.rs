//! Writes the outline of a stub: see `format`.

use std::collections::HashMap;
use std::ops::Range;

use keelback_parser::PythonVersion;
use keelback_parser::ast::{Decorator, Expr, Stmt, StmtImport, StmtImportFrom};
use keelback_parser::text_size::Ranged;

use crate::decide::{self, Target};
use crate::format::{self, Kind};

/// What the outlines share.
#[derive(Default)]
pub struct Pool {
    /// The texts of names, each once.
    pub names: String,
    /// Where facts hold, each once.
    pub masks: Vec<u64>,
    /// The facts of all stubs.
    pub facts: Vec<u32>,
    /// Where the statements of all stubs start and end, as lines.
    pub chunks: Vec<u32>,
    known_names: HashMap<String, u32>,
}

/// Which words of the pool are about a stub.
pub struct Outline {
    pub facts: Range<usize>,
    pub chunks: Range<usize>,
}

/// Writes the outline of `text`, the stub at `path`.
pub fn write(path: &str, text: &str, pool: &mut Pool) -> Outline {
    let parsed = keelback_parser::parse_vendored_stub(text, Some(0..text.len()));
    assert!(parsed.is_valid(), "{path}: {:?}", parsed.errors());
    let (facts, chunks) = (pool.facts.len(), pool.chunks.len());
    let mut writer = Writer {
        path,
        package: package(path),
        pool,
        chunk: 0,
    };
    let mut end = 0;
    for stmt in parsed.body() {
        let start = text[..usize::from(stmt.start())]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        assert!(start >= end, "{path}: two statements in a line");
        let last = usize::from(stmt.end());
        end = text[last..]
            .find('\n')
            .map_or(text.len(), |at| last + at + 1);
        writer.pool.chunks.extend([word(start), word(end)]);
        writer.stmt(stmt, u64::MAX);
        writer.chunk += 1;
    }
    Outline {
        facts: facts..pool.facts.len(),
        chunks: chunks..pool.chunks.len(),
    }
}

/// The package that the relative imports of the stub at `path` start from.
fn package(path: &str) -> String {
    let inside = path.split_once('/').map_or(path, |(_, rest)| rest);
    let folder = inside.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.replace('/', ".")
}

fn word(number: usize) -> u32 {
    u32::try_from(number).expect("stubs are short")
}

struct Writer<'a> {
    path: &'a str,
    package: String,
    pool: &'a mut Pool,
    chunk: usize,
}

impl Writer<'_> {
    fn text(&mut self, text: &str) -> u32 {
        if let Some(known) = self.pool.known_names.get(text) {
            return *known;
        }
        let (start, length) = (word(self.pool.names.len()), word(text.len()));
        assert!(start < 1 << format::LENGTH_AT && length < 1 << (32 - format::LENGTH_AT));
        self.pool.names.push_str(text);
        let made = start | length << format::LENGTH_AT;
        self.pool.known_names.insert(text.to_owned(), made);
        made
    }

    fn fact(&mut self, kind: Kind, flags: u32, name: &str, from: [&str; 2], mask: u64) {
        if mask == 0 {
            return;
        }
        let known = self.pool.masks.iter().position(|known| *known == mask);
        let at = known.unwrap_or_else(|| {
            self.pool.masks.push(mask);
            self.pool.masks.len() - 1
        });
        let head = word(at) << 16 | flags | kind as u32;
        let words = [
            head,
            self.text(name),
            self.text(from[0]),
            self.text(from[1]),
            word(self.chunk),
        ];
        let words: [u32; format::FACT] = words;
        self.pool.facts.extend(words);
    }

    fn block(&mut self, body: &[Stmt], mask: u64) {
        for stmt in body {
            self.stmt(stmt, mask);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, mask: u64) {
        match stmt {
            Stmt::FunctionDef(node) => {
                let flags = if node.decorator_list.iter().any(is_overload) {
                    format::IS_OVERLOAD
                } else {
                    0
                };
                let name = node.name.as_str();
                self.fact(Kind::Function, flags, name, ["", ""], mask);
                self.inside(name, &node.body, mask);
            }
            Stmt::ClassDef(node) => {
                let name = node.name.as_str();
                self.fact(Kind::Class, 0, name, ["", ""], mask);
                self.inside(name, &node.body, mask);
            }
            Stmt::Import(node) => self.import(node, mask),
            Stmt::ImportFrom(node) => self.import_from(node, mask),
            Stmt::Assign(node) => {
                let [Expr::Name(name)] = &*node.targets else {
                    panic!("{}: an assignment to more than a name", self.path);
                };
                let name = name.id.as_str();
                self.variable(
                    Kind::Assigned,
                    decide::may_be_type(&node.value),
                    0,
                    name,
                    mask,
                );
                if name == "__all__" {
                    self.listed(true, &node.value, mask);
                }
            }
            Stmt::AnnAssign(node) => {
                let Expr::Name(name) = &*node.target else {
                    panic!("{}: a declaration of more than a name", self.path);
                };
                let is_alias = decide::dotted(&node.annotation)
                    .is_some_and(|name| decide::last_part(&name) == "TypeAlias");
                let value = if node.value.is_some() {
                    format::HAS_VALUE
                } else {
                    0
                };
                self.variable(Kind::Annotated, is_alias, value, name.id.as_str(), mask);
            }
            Stmt::AugAssign(node) => {
                let Expr::Name(name) = &*node.target else {
                    panic!("{}: a change of more than a name", self.path);
                };
                let name = name.id.as_str();
                self.variable(Kind::Augmented, false, 0, name, mask);
                if name == "__all__" {
                    self.listed(false, &node.value, mask);
                }
            }
            Stmt::TypeAlias(node) => {
                let Expr::Name(name) = &*node.name else {
                    panic!("{}: an alias without a name", self.path);
                };
                self.variable(Kind::TypeAlias, true, 0, name.id.as_str(), mask);
            }
            Stmt::If(_) => {
                for (body, mask) in self.branches(stmt, mask) {
                    self.block(body, mask);
                }
            }
            // A docstring.
            Stmt::Expr(_) | Stmt::Pass(_) => {}
            other => panic!("{}: outlines have nothing for {other:?}", self.path),
        }
    }

    /// The blocks of an `if`, with where they may run.
    fn branches<'s>(&self, stmt: &'s Stmt, mask: u64) -> Vec<(&'s [Stmt], u64)> {
        let Stmt::If(node) = stmt else {
            return Vec::new();
        };
        let mut branches = Vec::new();
        let mut left = mask;
        let first = (Some(&*node.test), &*node.body);
        let rest = node
            .elif_else_clauses
            .iter()
            .map(|clause| (clause.test.as_ref(), &*clause.body));
        for (test, body) in std::iter::once(first).chain(rest) {
            let (may, must) = test.map_or((u64::MAX, u64::MAX), |test| self.truth(test));
            branches.push((body, left & may));
            left &= !must;
        }
        branches
    }

    /// Where a condition may hold, and where it certainly does.
    fn truth(&self, test: &Expr) -> (u64, u64) {
        let (mut may, mut must) = (0, 0);
        for platform in format::PLATFORMS {
            let truth = |minor: u8| {
                let version = PythonVersion { major: 3, minor };
                Target { version, platform }.truth(test)
            };
            for minor in 0..format::MINORS {
                let bit = format::bit(PythonVersion { major: 3, minor }, platform);
                match truth(minor) {
                    Some(true) => (may, must) = (may | bit, must | bit),
                    Some(false) => {}
                    None => may |= bit,
                }
            }
            assert_eq!(
                truth(format::MINORS - 1),
                truth(format::MINORS),
                "{}: tells versions apart that `format::MINORS` does not",
                self.path
            );
        }
        (may, must)
    }

    fn variable(&mut self, kind: Kind, is_alias: bool, flags: u32, name: &str, mask: u64) {
        let alias = if is_alias { format::MAY_BE_ALIAS } else { 0 };
        self.fact(kind, flags | alias, name, ["", ""], mask);
    }

    fn import(&mut self, node: &StmtImport, mask: u64) {
        for alias in &node.names {
            let full = alias.name.as_str();
            let top = full.split('.').next().unwrap_or(full);
            let (name, module) = match &alias.asname {
                Some(name) => (name.as_str(), full),
                None => (top, top),
            };
            self.fact(Kind::Import, 0, name, [module, ""], mask);
        }
    }

    fn import_from(&mut self, node: &StmtImportFrom, mask: u64) {
        let named = node.module.as_ref().map_or("", |module| module.as_str());
        let module = match node.level {
            0 => named.to_owned(),
            level => {
                let mut package = &*self.package;
                for _ in 1..level {
                    package = package.rsplit_once('.').map_or("", |(above, _)| above);
                }
                assert!(
                    !package.is_empty(),
                    "{}: an import from above the top",
                    self.path
                );
                let dot = if named.is_empty() { "" } else { "." };
                format!("{package}{dot}{named}")
            }
        };
        for alias in &node.names {
            let there = alias.name.as_str();
            if there == "*" {
                self.fact(Kind::Star, 0, "", [&module, ""], mask);
                continue;
            }
            let name = alias.asname.as_ref().map_or(there, |name| name.as_str());
            self.fact(Kind::ImportFrom, 0, name, [&module, there], mask);
        }
    }

    fn listed(&mut self, is_new: bool, value: &Expr, mask: u64) {
        let Some(names) = decide::string_list(value) else {
            self.fact(Kind::Unlisted, 0, "", ["", ""], mask);
            return;
        };
        if is_new {
            self.fact(Kind::All, 0, "", ["", ""], mask);
        }
        for name in names {
            self.fact(Kind::Listed, 0, name, ["", ""], mask);
        }
    }

    /// The classes in the body of the definition called `outer`.
    fn inside(&mut self, outer: &str, body: &[Stmt], mask: u64) {
        for stmt in body {
            match stmt {
                Stmt::ClassDef(node) => {
                    let name = format!("{outer}.{}", node.name);
                    self.fact(Kind::Inside, 0, &name, ["", ""], mask);
                    self.inside(&name, &node.body, mask);
                }
                Stmt::FunctionDef(node) => {
                    let name = format!("{outer}.{}", node.name);
                    self.inside(&name, &node.body, mask);
                }
                Stmt::If(_) => {
                    for (body, mask) in self.branches(stmt, mask) {
                        self.inside(outer, body, mask);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_overload(decorator: &Decorator) -> bool {
    let callee = match &decorator.expression {
        Expr::Call(call) => &*call.func,
        other => other,
    };
    decide::dotted(callee).is_some_and(|name| decide::last_part(&name) == "overload")
}

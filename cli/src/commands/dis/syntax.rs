//! The `ast` stage: the syntax tree, one statement a line below the source lines that it was parsed from.
//!
//! The tree's node types derive `Debug` and there are a hundred of them, so the dump reads that text back into a generic tree instead
//! of naming each type: what the parser adds is printed without a change here.

use std::fmt::Write as _;

use keelback_parser::text_size::TextSize;
use keelback_parser::{LineIndex, Parsed};

/// Prints `parsed`, or the definition called `qualname` in it. `None` when there is none of that name.
pub(super) fn print(parsed: &Parsed, text: &str, qualname: Option<&str>) -> Option<String> {
    let mut nodes = Vec::new();
    for statement in parsed.body() {
        nodes.push(Reader::new(&format!("{statement:?}")).node());
    }
    let mut printer = Printer {
        out: String::new(),
        text,
        index: LineIndex::new(text),
        printed: 0,
    };
    match qualname {
        None => {
            for node in &nodes {
                printer.statement(node, 0);
            }
        }
        Some(qualname) => printer.statement(find(&nodes, qualname)?, 0),
    }
    Some(printer.out)
}

/// The definition called `qualname` in a list of statements.
fn find<'n>(nodes: &'n [Node], qualname: &str) -> Option<&'n Node> {
    for node in nodes {
        let own = node.definition();
        if own == Some(qualname) {
            return Some(node);
        }
        let inside = match own {
            // A definition hides the names in it behind its own.
            Some(own) => qualname
                .strip_prefix(own)
                .and_then(|rest| rest.strip_prefix('.')),
            None => Some(qualname),
        };
        if let Some(found) = inside.and_then(|inside| find(node.blocks(), inside)) {
            return Some(found);
        }
    }
    None
}

/// A value as `Debug` prints it.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// A number, a word, a string, a range.
    Atom(String),
    /// `[a, b]`
    List(Vec<Node>),
    /// `Name(a, b)` with empty field names, or `Name { x: a, y: b }`.
    Struct(String, Vec<(String, Node)>),
}

impl Node {
    /// The struct inside wrappers such as `Some(…)` and an enum variant that holds one struct.
    fn unwrapped(&self) -> &Node {
        match self {
            Node::Struct(name, fields) => match &fields[..] {
                [(field, inner @ Node::Struct(inner_name, _))]
                    if field.is_empty()
                        && (name == "Some" || name == "Node" || inner_name.ends_with(&**name)) =>
                {
                    inner.unwrapped()
                }
                [(field, inner)]
                    if field.is_empty() && matches!(&**name, "Some" | "Name" | "Int" | "Float") =>
                {
                    inner.unwrapped()
                }
                _ => self,
            },
            _ => self,
        }
    }

    fn field(&self, name: &str) -> Option<&Node> {
        match self.unwrapped() {
            Node::Struct(_, fields) => fields.iter().find(|(n, _)| n == name).map(|(_, n)| n),
            _ => None,
        }
    }

    /// First and last byte.
    fn range(&self) -> Option<(u32, u32)> {
        match self.field("range")? {
            Node::Atom(text) => {
                let (start, end) = text.split_once("..")?;
                Some((start.parse().ok()?, end.parse().ok()?))
            }
            _ => None,
        }
    }

    /// The name of a function or class definition.
    fn definition(&self) -> Option<&str> {
        match self.unwrapped() {
            node @ Node::Struct(name, _) if name == "StmtFunctionDef" || name == "StmtClassDef" => {
                match node.field("name")?.field("id")?.unwrapped() {
                    Node::Atom(text) => Some(text.trim_matches('"')),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a statement is in it.
    fn holds_statements(&self) -> bool {
        match self {
            Node::Atom(_) => false,
            Node::List(items) => items.iter().any(Node::holds_statements),
            Node::Struct(name, fields) => {
                name.starts_with("Stmt") || fields.iter().any(|(_, node)| node.holds_statements())
            }
        }
    }

    /// The statements and clauses directly in it.
    fn blocks(&self) -> &[Node] {
        static NONE: [Node; 0] = [];
        match self.unwrapped() {
            Node::Struct(_, fields) => fields
                .iter()
                .find_map(|(_, node)| match node {
                    Node::List(items) if node.holds_statements() => Some(&items[..]),
                    _ => None,
                })
                .unwrap_or(&NONE),
            _ => &NONE,
        }
    }

    /// Whether it says nothing that a reader misses.
    fn is_silent(&self, field: &str) -> bool {
        match (field, self) {
            ("node_index" | "range" | "flags", _) => true,
            ("ctx", Node::Atom(text)) => text == "Load",
            (_, Node::Atom(text)) => text == "None" || text == "false",
            (_, Node::List(items)) => items.is_empty(),
            (_, Node::Struct(name, fields)) => {
                name == "Parameters" && fields.iter().all(|(field, node)| node.is_silent(field))
            }
        }
    }
}

/// Reads `Debug` text.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Reader<'t> {
        Reader { rest: text }
    }

    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn node(&mut self) -> Node {
        if self.eat("[") {
            let mut items = Vec::new();
            while !self.eat("]") && !self.rest.is_empty() {
                items.push(self.node());
                self.eat(",");
            }
            return Node::List(items);
        }
        if self.rest.starts_with(['"', '\'']) {
            return Node::Atom(self.quoted());
        }
        let length = self
            .rest
            .find([',', '(', ')', '[', ']', '{', '}', ' ', ':'])
            .unwrap_or(self.rest.len());
        let word = self.take(length).to_owned();
        if self.eat("(") {
            let mut fields = Vec::new();
            while !self.eat(")") && !self.rest.is_empty() {
                fields.push((String::new(), self.node()));
                self.eat(",");
            }
            return Node::Struct(word, fields);
        }
        if self.eat("{") {
            let mut fields = Vec::new();
            while !self.eat("}") && !self.rest.is_empty() {
                self.rest = self.rest.trim_start();
                let length = self.rest.find(':').unwrap_or(self.rest.len());
                let name = self.take(length).to_owned();
                self.eat(":");
                self.rest = self.rest.trim_start();
                fields.push((name, self.node()));
                self.eat(",");
            }
            return Node::Struct(word, fields);
        }
        if word.is_empty() {
            // Nothing that `Debug` derives looks like this; go on behind it.
            let length = self.rest.chars().next().map_or(0, char::len_utf8);
            return Node::Atom(self.take(length).to_owned());
        }
        Node::Atom(word)
    }

    fn quoted(&mut self) -> String {
        let quote = self.rest.chars().next().unwrap_or('"');
        let mut escaped = false;
        let end = self.rest[1..]
            .char_indices()
            .find(|&(_, c)| {
                let ends = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })
            .map_or(self.rest.len(), |(at, _)| at + 2);
        self.take(end).to_owned()
    }
}

struct Printer<'t> {
    out: String,
    text: &'t str,
    index: LineIndex,
    /// The last source line that was printed.
    printed: u32,
}

impl Printer<'_> {
    /// Prints the lines from `first` to `last` that were not printed yet.
    fn source(&mut self, first: u32, last: u32) {
        for line in first.max(self.printed + 1)..=last {
            let text = self.index.line_text(self.text, line);
            let _ = writeln!(self.out, "{line:5} | {text}");
            self.printed = line;
        }
    }

    fn line(&self, offset: u32) -> u32 {
        self.index.line(TextSize::new(offset))
    }

    /// Prints a statement, or a clause of one, on a line of its own and what is in it below.
    fn statement(&mut self, node: &Node, depth: usize) {
        if let Some((start, end)) = node.range() {
            let first = self.line(start);
            let last = match node.blocks().first().and_then(Node::range) {
                Some((inner, _)) => self.line(inner).saturating_sub(1).max(first),
                None => self.line(end),
            };
            self.source(first, last);
        }
        let _ = write!(self.out, "{:8}{:depth$}", "", "", depth = depth * 2);
        let Node::Struct(name, fields) = node.unwrapped() else {
            self.inline(node);
            self.out.push('\n');
            return;
        };
        self.out.push_str(name.strip_prefix("Stmt").unwrap_or(name));
        for (field, value) in fields {
            if !value.is_silent(field) && !value.holds_statements() {
                let _ = write!(self.out, " {field}=");
                self.inline(value);
            }
        }
        self.out.push('\n');
        for (field, value) in fields {
            if let Node::List(items) = value
                && value.holds_statements()
            {
                if field != "body" {
                    let _ = writeln!(self.out, "{:8}{:depth$}{field}:", "", "", depth = depth * 2);
                }
                for item in items {
                    self.statement(item, depth + 1);
                }
            }
        }
    }

    /// Prints an expression.
    fn inline(&mut self, node: &Node) {
        match node.unwrapped() {
            Node::Atom(text) => self.out.push_str(text),
            Node::List(items) => {
                self.out.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        self.out.push_str(", ");
                    }
                    self.inline(item);
                }
                self.out.push(']');
            }
            Node::Struct(name, fields) => {
                if name == "Identifier"
                    && let Some(id) = node.field("id")
                {
                    if let Node::Atom(text) = id.unwrapped() {
                        self.out.push_str(text.trim_matches('"'));
                    }
                    return;
                }
                self.out.push_str(name.strip_prefix("Expr").unwrap_or(name));
                self.out.push('(');
                let told = fields
                    .iter()
                    .filter(|(field, value)| !value.is_silent(field));
                for (position, (field, value)) in told.enumerate() {
                    if position > 0 {
                        self.out.push_str(", ");
                    }
                    if !field.is_empty() {
                        let _ = write!(self.out, "{field}=");
                    }
                    self.inline(value);
                }
                self.out.push(')');
            }
        }
    }
}

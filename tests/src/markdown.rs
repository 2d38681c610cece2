//! The format of literate tests: Markdown in which headings nest, and each heading with code under it is one test.

use std::fmt;

/// A code block or several, which make one file of a test's program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// Its path in the program's folder.
    pub path: String,
    /// Its text.
    pub text: String,
    /// For each line of the text, its line in the Markdown file, from 1.
    pub lines: Vec<usize>,
}

impl File {
    /// The line in the Markdown file of a line of this one; both count from 1.
    #[must_use]
    pub fn markdown_line(&self, line: usize) -> usize {
        let place = line
            .saturating_sub(1)
            .min(self.lines.len().saturating_sub(1));
        self.lines.get(place).copied().unwrap_or(1)
    }
}

/// What a program prints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// On CPython, and on Keelback too unless it has a block of its own. `None` if the program is not to be run there.
    pub common: Option<String>,
    /// On Keelback, where that differs: a deviation that the language's description names.
    pub keelback: Option<String>,
}

impl Output {
    /// Whether there is anything to run.
    #[must_use]
    pub fn is_some(&self) -> bool {
        self.common.is_some() || self.keelback.is_some()
    }

    /// What Keelback prints.
    #[must_use]
    pub fn on_keelback(&self) -> Option<&str> {
        self.keelback.as_deref().or(self.common.as_deref())
    }
}

/// One section: a program and what is claimed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The headings from the outermost in.
    pub headings: Vec<String>,
    /// The line of the innermost heading.
    pub line: usize,
    /// The program. Unnamed blocks are `main.py`.
    pub files: Vec<File>,
    /// What it prints.
    pub output: Output,
    /// Sessions in a shell, each with its line in the Markdown file.
    pub sessions: Vec<(usize, String)>,
}

impl Test {
    /// The headings as one name.
    #[must_use]
    pub fn name(&self) -> String {
        self.headings.join(" > ")
    }
}

/// A mistake in the Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// The tests of a Markdown text.
///
/// # Errors
///
/// The first mistake: a block that does not end or stands outside a section, an unknown kind of block, a section that has both
/// code and sections, a file or an output given twice, two sections of one name.
pub fn parse(text: &str) -> Result<Vec<Test>, FormatError> {
    Parser::default().run(text)
}

/// The tests of a page that is written for readers: a section with code may have sections, sections may share a name, and blocks of other
/// kinds are not looked at.
///
/// # Errors
///
/// The first mistake: a block that does not end or stands outside a section, a file or an output given twice.
pub fn parse_page(text: &str) -> Result<Vec<Test>, FormatError> {
    let parser = Parser {
        is_page: true,
        ..Parser::default()
    };
    parser.run(text)
}

#[derive(Default)]
struct Parser {
    /// Whether the text is a page for readers.
    is_page: bool,
    /// Depth and text of the headings that the current line is under, with their lines.
    headings: Vec<(usize, String, usize)>,
    /// The file that the next block is, and the line that said so.
    next_path: Option<String>,
    /// The section being read, once it has code.
    current: Option<Test>,
    done: Vec<Test>,
}

impl Parser {
    fn run(mut self, text: &str) -> Result<Vec<Test>, FormatError> {
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let number = number + 1;
            if let Some(tag) = line.strip_prefix("```") {
                let mut block = String::new();
                let mut closed = false;
                for (_, line) in lines.by_ref() {
                    if line.trim_end() == "```" {
                        closed = true;
                        break;
                    }
                    block.push_str(line);
                    block.push('\n');
                }
                if !closed {
                    return error(number, "the block does not end");
                }
                self.block(number, tag.trim(), block)?;
            } else if let Some(depth) = heading_depth(line) {
                self.heading(number, depth, line[depth..].trim())?;
            } else if let Some(path) = file_name(line) {
                self.next_path = Some(path.to_owned());
            } else if !line.trim().is_empty() {
                self.next_path = None;
            }
        }
        self.finish();
        Ok(self.done)
    }

    fn finish(&mut self) {
        self.done.extend(self.current.take());
    }

    fn heading(&mut self, line: usize, depth: usize, text: &str) -> Result<(), FormatError> {
        self.finish();
        self.next_path = None;
        self.headings.retain(|(other, ..)| *other < depth);
        self.headings.push((depth, text.to_owned(), line));
        let path = self.path();
        if let Some(test) = self
            .done
            .iter()
            .find(|test| !self.is_page && path.starts_with(&test.headings))
        {
            let message = if test.headings == path {
                format!("there is a section `{}` already", test.name())
            } else {
                format!("`{}` has code, so it cannot have sections", test.name())
            };
            return error(line, message);
        }
        Ok(())
    }

    fn path(&self) -> Vec<String> {
        self.headings
            .iter()
            .map(|(_, text, _)| text.clone())
            .collect()
    }

    fn block(&mut self, line: usize, tag: &str, text: String) -> Result<(), FormatError> {
        let path = self.next_path.take();
        let tag = if tag == "python" { "py" } else { tag };
        let is_session = self.is_page && tag == "console";
        if !is_session && !matches!(tag, "py" | "pyi" | "toml" | "output" | "output keelback") {
            return if self.is_page || tag.is_empty() || tag == "text" {
                Ok(())
            } else {
                error(
                    line,
                    format!(
                        "`{tag}` is not a kind of block; use `py`, `pyi`, `toml`, `output` or `text`"
                    ),
                )
            };
        }
        let Some((_, _, heading_line)) = self.headings.last() else {
            return error(line, "code must be under a heading");
        };
        if self.current.is_none() {
            self.current = Some(Test {
                headings: self.path(),
                line: *heading_line,
                files: Vec::new(),
                output: Output::default(),
                sessions: Vec::new(),
            });
        }
        let Some(test) = &mut self.current else {
            return Ok(());
        };
        if is_session {
            test.sessions.push((line, text));
            return Ok(());
        }
        if let Some(kind) = tag.strip_prefix("output") {
            let place = if kind.is_empty() {
                &mut test.output.common
            } else {
                &mut test.output.keelback
            };
            if place.replace(text).is_some() {
                return error(line, format!("there is an `{tag}` block already"));
            }
            return Ok(());
        }
        let path = match (path, tag) {
            (Some(path), _) => path,
            (None, "py") => "main.py".to_owned(),
            (None, "toml") => "pyproject.toml".to_owned(),
            (None, _) => return error(line, "the file needs a name"),
        };
        let numbers = (line + 1)..(line + 1 + text.lines().count());
        match test.files.iter_mut().find(|file| file.path == path) {
            // A story in several blocks is one file; a blank line keeps them apart.
            Some(file) if path == "main.py" => {
                file.text.push('\n');
                file.lines.push(line);
                file.text.push_str(&text);
                file.lines.extend(numbers);
            }
            Some(_) => return error(line, format!("there is a file `{path}` already")),
            None => test.files.push(File {
                path,
                text,
                lines: numbers.collect(),
            }),
        }
        Ok(())
    }
}

fn error<T>(line: usize, message: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError {
        line,
        message: message.into(),
    })
}

fn heading_depth(line: &str) -> Option<usize> {
    let depth = line.bytes().take_while(|byte| *byte == b'#').count();
    (depth > 0 && line[depth..].starts_with(' ')).then_some(depth)
}

/// The path in a line that is a path in backquotes and a colon.
fn file_name(line: &str) -> Option<&str> {
    let path = line.trim_end().strip_prefix('`')?.strip_suffix("`:")?;
    (!path.is_empty() && !path.contains('`')).then_some(path)
}

#[cfg(test)]
mod tests;

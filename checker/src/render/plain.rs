//! One line for each diagnostic, and an ASCII drawing, both by `codespan-reporting`.

use codespan_reporting::diagnostic::{Diagnostic, Label, Severity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{self, Chars, Config, DisplayStyle};

use crate::diagnostic::{Located, Place, SourceFile};
use crate::rules::Level;

/// The files of one diagnostic, by their index among its labels.
struct Sources<'a>(Vec<&'a SourceFile>);

impl<'a> Files<'a> for Sources<'a> {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        self.0
            .get(id)
            .map(|source| &*source.path)
            .ok_or(Error::FileMissing)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        self.0
            .get(id)
            .map(|source| &*source.text)
            .ok_or(Error::FileMissing)
    }

    fn line_index(&'a self, id: usize, offset: usize) -> Result<usize, Error> {
        let source = self.0.get(id).ok_or(Error::FileMissing)?;
        let offset = u32::try_from(offset).unwrap_or(u32::MAX).into();
        Ok(source.lines.line(offset) as usize - 1)
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<std::ops::Range<usize>, Error> {
        let source = self.0.get(id).ok_or(Error::FileMissing)?;
        let range = source
            .lines
            .line_range(u32::try_from(line + 1).unwrap_or(u32::MAX));
        Ok(range.start().into()..range.end().into())
    }
}

fn render_with(diagnostics: &[Located], config: &Config, one_line: bool) -> String {
    let mut out = String::new();
    for located in diagnostics {
        let mut sources = Sources(Vec::new());
        let mut places = vec![&located.primary];
        places.extend(&located.secondary);
        for label in &places {
            if !sources
                .0
                .iter()
                .any(|known| known.path == label.place.source.path)
            {
                sources.0.push(&label.place.source);
            }
        }
        let id_of = |place: &Place| {
            sources
                .0
                .iter()
                .position(|known| known.path == place.source.path)
                .unwrap_or(0)
        };
        let severity = match located.severity {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Hint | Level::Ignore => Severity::Help,
        };
        let labels = places.iter().enumerate().map(|(index, label)| {
            let (file, range) = (id_of(&label.place), label.place.byte_range());
            let made = if index == 0 {
                Label::primary(file, range)
            } else {
                Label::secondary(file, range)
            };
            made.with_message(&label.message)
        });
        let mut diagnostic = Diagnostic::new(severity)
            .with_code(located.rule)
            .with_message(&located.message)
            .with_labels_iter(labels);
        if !one_line {
            diagnostic = diagnostic.with_notes(located.notes.clone());
            if let Some(fix) = &located.fix {
                diagnostic = diagnostic.with_note(format!("help: {}", fix.title));
            }
        }
        match term::emit_into_string(config, &sources, &diagnostic) {
            Ok(text) => out.push_str(&text),
            Err(_) => out.push_str(&format!("{}: {}\n", located.path(), located.message)),
        }
    }
    out
}

pub(super) fn render_concise(diagnostics: &[Located]) -> String {
    let config = Config {
        display_style: DisplayStyle::Short,
        ..Config::default()
    };
    render_with(diagnostics, &config, true)
}

pub(super) fn render_plain(diagnostics: &[Located]) -> String {
    let config = Config {
        chars: Chars::ascii(),
        ..Config::default()
    };
    render_with(diagnostics, &config, false)
}

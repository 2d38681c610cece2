//! A compiler that compiles nothing: modules get their interfaces from the checker, so that classes are laid out and boundaries checked, and
//! CPython runs every function. It is what remains when there is no code generator for the machine.

use std::sync::{Arc, Mutex, PoisonError};

use keelback_checker::check::check_file;
use keelback_checker::db::Database;
use keelback_checker::diagnostic::Located;
use keelback_checker::index::module_index;
use keelback_checker::modules::module_interface;
use keelback_checker::rules::Level;
use keelback_checker::settings::Settings;
use keelback_checker::system::OsSystem;

use crate::compile::{
    CompileError, CompiledClass, CompiledFunction, CompiledModule, Compiler, FunctionBody,
    ModuleSource,
};

/// The compiler.
pub struct ChecksOnly {
    db: Mutex<Database>,
}

impl ChecksOnly {
    /// A compiler over an empty database.
    pub fn new() -> ChecksOnly {
        ChecksOnly {
            db: Mutex::new(Database::new(
                Arc::new(OsSystem::new()),
                &Settings::default(),
            )),
        }
    }
}

impl Default for ChecksOnly {
    fn default() -> ChecksOnly {
        ChecksOnly::new()
    }
}

impl Compiler for ChecksOnly {
    fn compile_module(
        &self,
        source: ModuleSource<'_>,
    ) -> Result<CompiledModule, Vec<CompileError>> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let mut settings = Settings::default();
        settings.search_paths.roots = source.path.parent().map(Into::into).into_iter().collect();
        db.set_settings(&settings);
        let file = db.os_file(source.path);
        db.refresh_file(file);
        db.set_text(file, Some(Arc::from(source.text)));
        let errors: Vec<CompileError> = check_file(&*db, file)
            .iter()
            .filter(|d| d.severity == Level::Error)
            .map(|d| {
                let place = Located::new(&*db, d).primary.place;
                let (start, end) = (place.start(), place.end());
                CompileError {
                    rule: d.rule.name().to_owned(),
                    message: d.message.clone(),
                    line: start.line,
                    column: start.column,
                    end_line: end.line,
                    end_column: end.column,
                }
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let interface = module_interface(&*db, file);
        let index = module_index(&*db, file);
        let line = |range: keelback_parser::text_size::TextRange| {
            1 + source.text[..usize::from(range.start())]
                .matches('\n')
                .count() as u32
        };
        let functions = interface
            .functions
            .iter()
            .filter_map(|(qualname, function)| {
                let entry = index.functions.get(qualname)?;
                Some(CompiledFunction {
                    interface: function.clone(),
                    first_line: line(entry.range),
                    body: FunctionBody::Interpreted("nothing is compiled here".to_owned()),
                })
            })
            .collect();
        let classes = interface
            .classes
            .iter()
            .filter_map(|(qualname, class)| {
                let entry = index.classes.get(qualname)?;
                Some(CompiledClass {
                    interface: class.clone(),
                    first_line: line(entry.range),
                })
            })
            .collect();
        Ok(CompiledModule {
            interface,
            functions,
            classes,
        })
    }
}

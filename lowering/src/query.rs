//! Lowering over the checker's database.

use std::sync::Arc;

use keelback_checker::classes::class_interface;
use keelback_checker::db::{Db, Definition, File};
use keelback_checker::files::source_file;
use keelback_checker::infer::check_function;
use keelback_checker::interface::{ClassInterface, FunctionInterface};
use keelback_checker::signatures::function_interface;
use keelback_checker::types::{Name, Symbol};
use keelback_parser::text_size::TextSize;

use crate::build::{Interfaces, Unsupported, lower};
use crate::function::Function;

/// The interfaces of a database as one file sees them.
pub struct DbInterfaces<'db> {
    db: &'db dyn Db,
    from: File,
}

impl<'db> DbInterfaces<'db> {
    /// What `from` sees.
    pub fn new(db: &'db dyn Db, from: File) -> DbInterfaces<'db> {
        DbInterfaces { db, from }
    }
}

impl Interfaces for DbInterfaces<'_> {
    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>> {
        function_interface(self.db, self.from, symbol)
    }

    fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>> {
        class_interface(self.db, self.from, symbol)
    }
}

/// The bytecode of a function of a file before any pass has run, or why CPython runs it.
///
/// It depends on the function's typed tree and on the interfaces that the tree names; nobody's body but its own.
pub fn lower_function(
    db: &dyn Db,
    file: File,
    qualname: &Name,
) -> Arc<Result<Function, Unsupported>> {
    lower_query(db, Definition::new(db, file, *qualname))
}

#[salsa::tracked(returns(clone), no_eq)]
fn lower_query<'db>(
    db: &'db dyn Db,
    definition: Definition<'db>,
) -> Arc<Result<Function, Unsupported>> {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    let Some(checked) = check_function(db, file, qualname) else {
        return Arc::new(Err(Unsupported {
            reason: Name::new("a function nested in another"),
            span: Default::default(),
        }));
    };
    let body = match &checked.body {
        Ok(body) => body,
        Err(fallback) => {
            return Arc::new(Err(Unsupported {
                reason: fallback.reason,
                span: fallback.span,
            }));
        }
    };
    let source = source_file(db, file);
    let line = |offset: u32| {
        source
            .lines
            .line_column(&source.text, TextSize::new(offset))
            .line
    };
    Arc::new(lower(body, &DbInterfaces::new(db, file), &line))
}

//! Lowering over the checker's database.

use std::sync::Arc;

use keelback_checker::classes::class_interface;
use keelback_checker::db::{Db, Definition, File};
use keelback_checker::files::source_file;
use keelback_checker::infer::check_function;
use keelback_checker::interface::{ClassInterface, FunctionInterface};
use keelback_checker::resolve::resolve_from;
use keelback_checker::signatures::function_interface;
use keelback_checker::stack::deep;
use keelback_checker::types::{Name, Symbol};
use keelback_parser::text_size::TextSize;

use crate::build::{Interfaces, Unsupported, constructor, lower};
use crate::function::{CellKind, CellRef, Function, MethodRef};
use crate::passes::inline::Callees;
use crate::pipeline::prepare;

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

/// The bodies that may go into the functions of a file, as far as the text says what calls go to: a method of a class goes to the class's own.
pub struct DbCallees<'db> {
    db: &'db dyn Db,
    from: File,
    level: u8,
}

impl<'db> DbCallees<'db> {
    /// For `from`; bodies get the passes of `level`.
    pub fn new(db: &'db dyn Db, from: File, level: u8) -> DbCallees<'db> {
        DbCallees { db, from, level }
    }

    fn function(&self, symbol: &Symbol) -> Option<Arc<Function>> {
        let file = resolve_from(self.db, self.from, &symbol.module)?;
        let lowered = lower_function(self.db, file, &symbol.qualname);
        self.prepared(Result::as_ref(&lowered).ok()?.clone())
    }

    fn prepared(&self, mut function: Function) -> Option<Arc<Function>> {
        prepare(&mut function, self.level);
        Some(Arc::new(function))
    }
}

impl Callees for DbCallees<'_> {
    fn bound(&self, cell: &CellRef) -> Option<Arc<Function>> {
        match &cell.kind {
            CellKind::Function { target, .. } => self.function(target),
            CellKind::Direct { function } => self.function(function),
            CellKind::Class { target, .. } => {
                let interfaces = DbInterfaces::new(self.db, self.from);
                let class = interfaces.class(target)?;
                self.prepared(constructor(&class, &interfaces).ok()?)
            }
        }
    }

    fn overrides(&self, method: &MethodRef) -> Vec<Option<Arc<Function>>> {
        let class = DbInterfaces::new(self.db, self.from).class(&method.class);
        let layout = class.as_ref().and_then(|c| c.layout.as_ref().ok());
        let slot = layout.and_then(|l| l.methods.get(method.slot as usize));
        slot.map(|s| self.function(&s.function))
            .into_iter()
            .collect()
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
    let interfaces = DbInterfaces::new(db, file);
    Arc::new(deep(|| lower(body, &interfaces, &line)))
}

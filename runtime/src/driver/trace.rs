//! Traceback entries of compiled functions: from byte offsets in the source to what CPython's traceback objects hold.

use keelback_parser::text_size::TextSize;
use rustc_hash::FxHashMap;

use super::Driver;
use crate::gil::GilCell;
use crate::records::FunctionRecord;
use crate::traceback::{self, Position, Positions};

/// Source ranges of the instructions of code objects that an exception has passed, by address.
static POSITIONS: GilCell<Option<FxHashMap<usize, &'static Positions>>> = GilCell::new(None);

/// Adds an entry for an expression of a function to the traceback of the exception that is set.
///
/// # Safety
/// The GIL is held and an exception is set.
pub unsafe fn add(record: &'static FunctionRecord, line: u32, start: u32, end: u32) {
    // SAFETY: the caller's promise; records keep their code objects and globals alive.
    unsafe {
        let at = position(record, line, start, end);
        let lasti = positions(record).lasti(at);
        traceback::add(record.code, record.globals, line, lasti);
    }
}

unsafe fn positions(record: &'static FunctionRecord) -> &'static Positions {
    let key = record.code as usize;
    // SAFETY: the GIL is held; the closures only touch the map. The exception that is set is put aside while CPython is asked.
    unsafe {
        if let Some(found) = POSITIONS.with(|p| p.as_ref().and_then(|p| p.get(&key).copied())) {
            return found;
        }
        let made = traceback::aside(|| Positions::of(record.code).unwrap_or_default());
        let made: &'static Positions = Box::leak(Box::new(made));
        POSITIONS.with(|p| p.get_or_insert_with(FxHashMap::default).insert(key, made));
        made
    }
}

/// Where byte offsets of a function's module are: columns in UTF-8 bytes, as code objects count them.
fn position(record: &FunctionRecord, line: u32, start: u32, end: u32) -> Position {
    let module = &record.symbol.module;
    Driver::get().with_db(|db| {
        let Some(file) = Driver::get().file(db, module) else {
            return Position {
                line,
                end_line: line,
                ..Position::default()
            };
        };
        let source = keelback_checker::files::source_file(&*db, file);
        let place = |offset: u32| {
            let offset = TextSize::new(offset);
            let line = source.lines.line_column(&source.text, offset).line;
            (line, u32::from(offset - source.lines.line_start(line)))
        };
        let (line, column) = place(start);
        let (end_line, end_column) = place(end);
        Position {
            line,
            end_line,
            column,
            end_column,
        }
    })
}

//! Go to definition.

use std::path::PathBuf;

use keelback_parser::text_size::{TextRange, TextSize};

use crate::db::{Db, File, FilePath};
use crate::files::{parsed, source_text, staticness};

use super::entity::{Entity, entities};
use super::locate::locate;
use super::types::types_around;

/// Where something is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file.
    pub file: File,
    /// The name there; of a module its beginning.
    pub range: TextRange,
}

/// The definitions of the name at `offset`, and the range of that name. Empty when there is none that is known.
pub fn definition(db: &dyn Db, file: File, offset: TextSize) -> Option<(TextRange, Vec<Target>)> {
    if !staticness(db, file).is_static() {
        return None;
    }
    let tree = parsed(db, file);
    let place = locate(&tree, offset)?;
    let types = types_around(db, file, offset);
    let targets = entities(db, file, &place, &types)
        .iter()
        .filter_map(target)
        .collect();
    Some((place.range, targets))
}

fn target(entity: &Entity) -> Option<Target> {
    let (file, range) = match entity {
        Entity::Local { file, range, .. }
        | Entity::Variable { file, range, .. }
        | Entity::Attribute { file, range, .. }
        | Entity::Function { file, range, .. }
        | Entity::Class { file, range, .. } => (*file, *range),
        Entity::Module { file, .. } => ((*file)?, TextRange::default()),
    };
    Some(Target { file, range })
}

/// A path at which an editor can open `file`. A stub that is part of Keelback is written to the user's cache folder first, where it
/// is found again the next time.
///
/// # Errors
///
/// When there is no cache folder, or it cannot be written to.
pub fn openable_path(db: &dyn Db, file: File) -> std::io::Result<PathBuf> {
    let stub = match file.path(db) {
        FilePath::Os(path) => return Ok(path.to_path_buf()),
        FilePath::Vendored(path) => path,
    };
    let system = db.system();
    let cache = system.cache_dir().ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::NotFound, "there is no cache folder")
    })?;
    // Another version of Keelback has other stubs.
    let version = concat!("stubs-", env!("CARGO_PKG_VERSION"));
    let path = cache.join("keelback").join(version).join(&**stub);
    let text = source_text(db, file);
    let is_there = system
        .read(&path)
        .is_ok_and(|bytes| bytes == text.text.as_bytes());
    if !is_there {
        system.write_shared(&path, text.text.as_bytes())?;
    }
    Ok(path)
}

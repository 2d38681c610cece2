//! Conditions that are decided when compiling: the Python version, the platform, `TYPE_CHECKING`.

use keelback_parser::PythonVersion;
use keelback_parser::ast::Expr;

mod decide;

pub(crate) use decide::{
    dotted, is_enum_name, last_part, may_be_type, may_make_class, string_list,
};

/// What such conditions depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    /// The Python that the program runs on.
    pub python_version: PythonVersion,
    /// `sys.platform`.
    pub platform: crate::types::Name,
}

impl Environment {
    /// The project's.
    pub fn of(db: &dyn crate::db::Db) -> Environment {
        let project = db.project();
        Environment {
            python_version: project.python_version(db),
            platform: project.platform(db),
        }
    }

    /// The value of a condition, if it does not depend on the run.
    ///
    /// `TYPE_CHECKING` counts as true: what is declared under it is known to the checker.
    pub fn truth(&self, condition: &Expr) -> Option<bool> {
        let target = decide::Target {
            version: self.python_version,
            platform: &self.platform,
        };
        target.truth(condition)
    }
}

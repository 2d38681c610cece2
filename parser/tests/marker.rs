//! Which texts are static modules.

use keelback_parser::{Marker, is_static_module};

fn is_static(source: &str) -> bool {
    is_static_module(source).is_static()
}

#[test]
fn plain_forms() {
    assert!(is_static("import __static__"));
    assert!(is_static("import __static__\n"));
    assert!(is_static("import __static__ as s, os\n"));
    assert!(is_static("from __static__ import int64, double\n"));
    assert!(is_static("from __static__ import (\n    int64,\n)\n"));
    assert!(is_static("from\t__static__  import int64"));
    assert!(is_static("import \\\n  __static__"));
}

#[test]
fn what_may_come_before() {
    assert!(is_static("# comment\n\nimport __static__\n"));
    assert!(is_static(
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport __static__\n"
    ));
    assert!(is_static(
        "\"\"\"Doc.\n\nimport os\n\"\"\"\nimport __static__\n"
    ));
    assert!(is_static("'doc'; import __static__\n"));
    assert!(is_static("r'''doc \\''' still'''\nimport __static__\n"));
    assert!(is_static("'a' \"b\"\nimport __static__\n"));
    assert!(is_static(
        "from __future__ import annotations\nimport __static__\n"
    ));
    assert!(is_static(
        "from __future__ import (annotations, # )\n division)\nimport __static__\n"
    ));
    assert!(is_static(
        "from __future__ import \\\n annotations; import __static__\n"
    ));
    assert!(is_static("\u{feff}import __static__\n"));
    assert!(is_static("\x0c\r\n# x\r\nimport __static__\r\n"));
}

#[test]
fn what_is_not_static() {
    assert!(!is_static(""));
    assert!(!is_static("import os\nimport __static__\n"));
    assert!(!is_static("x = 1\nimport __static__\n"));
    assert!(!is_static("import __static__.compiler\n"));
    assert!(!is_static("import __static__x\n"));
    assert!(!is_static("import __staticé__\n"));
    assert!(!is_static("from . import __static__\n"));
    assert!(!is_static("# import __static__\n"));
    assert!(!is_static("\"\"\"import __static__\"\"\"\n"));
    assert!(!is_static("\"\"\"never closed\nimport __static__\n"));
    assert!(!is_static("b'bytes'\nimport __static__\n"));
    assert!(!is_static("'doc' + x\nimport __static__\n"));
    assert!(!is_static("'doc'\n'not doc'\nimport __static__\n"));
    assert!(!is_static("if True:\n    import __static__\n"));
    assert!(!is_static("\\"));
    assert!(!is_static("from __future__ import \\x"));
}

#[test]
fn the_range_is_the_import() {
    let source = "# c\nimport __static__ as s\n";
    let Marker::Static(range) = is_static_module(source) else {
        panic!("static")
    };
    assert_eq!(&source[range], "import __static__");
}

//! Pages of `docs/` that derive from lists in the code are current.
//!
//! `KEELBACK_BLESS=1 cargo test -p keelback-tests --test generated` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use keelback_checker::rules::{Category, Rule};
use keelback_lowering::helpers::{Helper, HelperKind};
use keelback_lowering::ops::{Effects, ImmKind, Mode, Op};

/// Compares a page with the file at `path`, or writes it when asked to.
fn current(path: &str, page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("KEELBACK_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        std::fs::write(&file, page).expect("it can be written");
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == page,
        "{path} is not what the list in the code says; write it with\n  \
         KEELBACK_BLESS=1 cargo test -p keelback-tests --test generated"
    );
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}

fn effects(effects: Effects) -> String {
    let names: Vec<String> = effects
        .iter_names()
        .map(|(name, _)| name.to_lowercase().replace('_', " "))
        .collect();
    names.join(", ")
}

/// `obj`, or `obj↓` for an operand whose reference is taken over.
fn operand(mode: Mode, kind: &str) -> String {
    let mark = if mode == Mode::Steal { "↓" } else { "" };
    format!("{kind}{mark}")
}

const LEGEND: &str = "\
An operand marked `↓` is stolen: the reference passes to the callee, whether or not it raises. The others are borrowed.
";

#[test]
fn ops() {
    let mut page = String::from(
        "# Ops of typed bytecode\n\nWritten from the list in `lowering/src/ops.rs`, where the kinds, immediates and effects are explained.\n",
    );
    let _ = write!(
        page,
        "{LEGEND}\n| op | operands | immediate | result | effects | meaning |\n|---|---|---|---|---|---|\n"
    );
    for op in Op::ALL {
        let info = op.info();
        let mut operands: Vec<String> = info
            .operands
            .iter()
            .map(|(mode, kind)| operand(*mode, &format!("{kind:?}")))
            .collect();
        if info.variadic {
            operands.push("…".to_owned());
        }
        let immediate = match info.imm {
            ImmKind::none => String::new(),
            kind => format!("{kind:?}").replace("r#", ""),
        };
        let result = info
            .result
            .map(|(ownership, kind)| {
                format!("{} {kind:?}", format!("{ownership:?}").to_lowercase())
            })
            .unwrap_or_default();
        let _ = writeln!(
            page,
            "| `{}` | {} | {immediate} | {result} | {} | {} |",
            info.name,
            operands.join(", "),
            effects(info.effects),
            cell(info.doc),
        );
    }
    current("docs/internals/ops.md", &page);
}

#[test]
fn helpers() {
    let mut page = String::from(
        "# Helpers of the runtime\n\nWritten from the list in `lowering/src/helpers.rs`, where the kinds and error values are explained.\n",
    );
    let _ = write!(
        page,
        "{LEGEND}\n| helper | operands | result | on error | effects | meaning |\n|---|---|---|---|---|---|\n"
    );
    for helper in Helper::ALL {
        let info = helper.info();
        let operands: Vec<String> = info
            .params
            .iter()
            .map(|(mode, kind)| operand(*mode, &format!("{kind:?}")))
            .collect();
        let result = match info.ret {
            HelperKind::unit => String::new(),
            kind => format!("{kind:?}"),
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {result} | {} | {} | {} |",
            info.name,
            operands.join(", "),
            format!("{:?}", info.error).to_lowercase(),
            effects(info.effects),
            cell(info.doc),
        );
    }
    current("docs/internals/helpers.md", &page);
}

#[test]
fn rules() {
    let mut page = String::from(
        "# Rules\n\nWritten from the list in `checker/src/rules.rs`. `keelback explain RULE` prints the page of a rule.\n\nLevels are set in `pyproject.toml`:\n\n```toml\n[tool.keelback.rules]\npossibly-unbound = \"error\"\nunused-import = \"warning\"\n```\n\nor on the command line by `--error`, `--warn` and `--ignore`. A comment `# keelback: ignore[RULE]` silences a rule on its line.\n",
    );
    let categories = [
        (Category::Language, "Language"),
        (Category::Types, "Types"),
        (Category::Style, "Style"),
        (Category::Performance, "Performance"),
        (Category::Information, "Information"),
    ];
    for (category, title) in categories {
        let _ = write!(
            page,
            "\n## {title}\n\n| rule | level | finds |\n|---|---|---|\n"
        );
        for rule in Rule::ALL.iter().filter(|rule| rule.category() == category) {
            let level = rule.default_level().name();
            let _ = writeln!(
                page,
                "| [{rule}]({rule}.md) | {level} | {} |",
                cell(rule.summary())
            );
        }
    }
    current("docs/rules/README.md", &page);
}

#[test]
fn configuration_schema() {
    let schema = keelback_checker::config::schema();
    current("docs/keelback.schema.json", &format!("{schema:#}\n"));
}

//! Functions to text.

use std::fmt::Write;

use keelback_checker::types::{Constant, Symbol, Type};

use super::KINDS;
use crate::function::{
    CellKind, CheckContext, Edge, Function, Imm, Inst, Origin, Reference, Span, Value,
};
use crate::types::RegType;

/// The text form of a function.
pub fn print(function: &Function) -> String {
    let mut out = String::new();
    let kind = KINDS
        .iter()
        .find(|(k, _)| *k == function.kind)
        .map_or("", |(_, n)| n);
    out.push_str("function ");
    symbol(&mut out, &function.symbol);
    let _ = write!(out, " {kind} ");
    match &function.origin {
        Origin::Source => {}
        Origin::Constructor(s) => origin(&mut out, "constructor", s),
        Origin::MethodThunk(s) => origin(&mut out, "method_thunk", s),
        Origin::Adapter(s) => origin(&mut out, "adapter", s),
        Origin::Thunk(cell) => {
            out.push_str("thunk ");
            binding(&mut out, cell);
            out.push(' ');
        }
    }
    let _ = writeln!(out, "{} {{", function.signature);
    for (index, frame) in function.frames.iter().enumerate() {
        let _ = write!(out, "frame{} ", index + 1);
        if let Some(function) = &frame.function {
            symbol(&mut out, function);
            out.push(' ');
        }
        span(&mut out, frame.call);
        out.push('\n');
    }
    for (index, block) in function.blocks.iter().enumerate() {
        let _ = write!(out, "block{index}");
        if !block.params.is_empty() {
            out.push('(');
            for (i, param) in block.params.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                typed(&mut out, function, *param);
            }
            out.push(')');
        }
        out.push_str(if block.cold { " cold:\n" } else { ":\n" });
        for inst in &block.insts {
            out.push_str("    ");
            write_instruction(&mut out, function, inst);
            out.push('\n');
        }
    }
    out.push_str("}\n");
    out
}

/// The text form of one instruction, without a line end. Does not panic on an invalid one.
pub fn instruction(function: &Function, inst: &Inst) -> String {
    let mut out = String::new();
    write_instruction(&mut out, function, inst);
    out
}

fn write_instruction(out: &mut String, function: &Function, inst: &Inst) {
    if let Some(result) = inst.result {
        typed(out, function, result);
        out.push_str(" = ");
    }
    if inst.borrowed {
        out.push_str("borrow ");
    }
    out.push_str(inst.op.info().name);
    let mut separator = " ";
    match inst.imm {
        Imm::Cond(c) => {
            let _ = write!(out, " {}", c.name());
        }
        Imm::Helper(h) => {
            let _ = write!(out, " {}", h.info().name);
        }
        _ => {}
    }
    for arg in &inst.args {
        let _ = write!(out, "{separator}v{}", arg.0);
        separator = ", ";
    }
    match inst.imm {
        Imm::None | Imm::Cond(_) | Imm::Helper(_) => {}
        Imm::Int(v) => {
            let _ = write!(out, "{separator}{v}");
            separator = ", ";
        }
        Imm::Float(bits) => {
            out.push_str(separator);
            float(out, bits);
            separator = ", ";
        }
        Imm::Bool(v) => {
            let _ = write!(out, "{separator}{v}");
            separator = ", ";
        }
        Imm::Ref(r) => {
            out.push_str(separator);
            match function.references.get(r.0 as usize) {
                Some(reference) => write_reference(out, reference, inst),
                None => {
                    let _ = write!(out, "?{}", r.0);
                }
            }
            separator = ", ";
        }
    }
    for target in &inst.targets {
        out.push_str(separator);
        edge(out, target);
        separator = ", ";
    }
    if let Some(error) = &inst.error {
        out.push_str(" !");
        edge(out, error);
    }
    if inst.span != Span::default() {
        out.push(' ');
        span(out, inst.span);
    }
}

fn span(out: &mut String, span: Span) {
    let Span {
        start,
        end,
        line,
        frame,
    } = span;
    let _ = write!(out, "@{start}..{end}:{line}");
    if frame != 0 {
        let _ = write!(out, "#{frame}");
    }
}

fn origin(out: &mut String, word: &str, s: &Symbol) {
    let _ = write!(out, "{word} ");
    symbol(out, s);
    out.push(' ');
}

fn edge(out: &mut String, edge: &Edge) {
    let _ = write!(out, "block{}", edge.block.0);
    if !edge.args.is_empty() {
        out.push('(');
        for (i, arg) in edge.args.iter().enumerate() {
            let _ = write!(out, "{}v{}", if i > 0 { ", " } else { "" }, arg.0);
        }
        out.push(')');
    }
}

fn typed(out: &mut String, function: &Function, value: Value) {
    let _ = write!(out, "v{}: ", value.0);
    match function.values.get(value.0 as usize) {
        Some(ty) => reg_type(out, ty),
        None => out.push('?'),
    }
}

fn reg_type(out: &mut String, ty: &RegType) {
    out.push_str(ty.repr.name());
    if let Some(class) = &ty.class {
        out.push('[');
        symbol(out, class);
        out.push_str(if ty.exact { "!]" } else { "]" });
    }
    if let Some((low, high)) = ty.range {
        let _ = write!(out, "[{low}..{high}]");
    }
    if ty.nullable {
        out.push('?');
    }
}

fn is_plain(text: &str) -> bool {
    let indexed = |prefix: &str| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        && !text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && !indexed("v")
        && !indexed("block")
}

fn name(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        string(out, text);
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn symbol(out: &mut String, s: &Symbol) {
    name(out, &s.module);
    out.push(':');
    name(out, &s.qualname);
}

fn names<'a>(out: &mut String, items: impl IntoIterator<Item = &'a str>) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        name(out, item);
    }
    out.push(']');
}

fn float(out: &mut String, bits: u64) {
    let value = f64::from_bits(bits);
    if value.is_finite() {
        let _ = write!(out, "{value:?}");
    } else {
        let _ = write!(out, "float {bits:#x}");
    }
}

fn constant(out: &mut String, c: &Constant) {
    match c {
        Constant::None => out.push_str("None"),
        Constant::Ellipsis => out.push_str("..."),
        Constant::Bool(true) => out.push_str("True"),
        Constant::Bool(false) => out.push_str("False"),
        Constant::Int(v) => {
            let _ = write!(out, "{v}");
        }
        Constant::BigInt(digits) => {
            let _ = write!(out, "big {digits}");
        }
        Constant::Float(bits) => float(out, *bits),
        Constant::Imaginary(bits) => {
            let _ = write!(out, "imag {bits:#x}");
        }
        Constant::Str(text) => string(out, text),
        Constant::Bytes(bytes) => {
            out.push_str("b\"");
            for b in bytes.iter() {
                let _ = write!(out, "{}", std::ascii::escape_default(*b));
            }
            out.push('"');
        }
        Constant::Tuple(items) => {
            out.push('(');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                constant(out, item);
                out.push(',');
            }
            out.push(')');
        }
    }
}

fn types(out: &mut String, items: &[Type], separator: &str) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        checked_type(out, item);
    }
}

fn checked_type(out: &mut String, ty: &Type) {
    match ty {
        Type::Dynamic => out.push_str("dynamic"),
        Type::Never => out.push_str("never"),
        Type::None => out.push_str("none"),
        Type::Primitive(p) => {
            let _ = write!(out, "prim {}", p.name());
        }
        Type::Instance(class, args) | Type::Exact(class, args) => {
            symbol(out, class);
            if matches!(ty, Type::Exact(..)) {
                out.push('!');
            }
            if !args.is_empty() {
                out.push('[');
                types(out, args, ", ");
                out.push(']');
            }
        }
        Type::Tuple(items) => {
            out.push('(');
            types(out, items, ", ");
            out.push(')');
        }
        Type::Union(items) => {
            out.push('{');
            types(out, items, " | ");
            out.push('}');
        }
        Type::Literal(c) => {
            out.push('=');
            constant(out, c);
        }
        Type::EnumMember(s, n) => {
            out.push_str("member ");
            symbol(out, s);
            out.push(' ');
            name(out, n);
        }
        Type::Class(s) => {
            out.push_str("type ");
            symbol(out, s);
        }
        Type::Callable(_) => out.push_str("call"),
        other => checked_type(out, &other.at_run_time()),
    }
}

fn binding(out: &mut String, kind: &CellKind) {
    let (word, module, bound, target) = match kind {
        CellKind::Function {
            module,
            name,
            target,
        } => ("function ", module, name, target),
        CellKind::Class {
            module,
            name,
            target,
        } => ("class ", module, name, target),
        CellKind::Direct { function } => {
            out.push_str("direct ");
            return symbol(out, function);
        }
    };
    out.push_str(word);
    name(out, module);
    out.push(':');
    name(out, bound);
    out.push_str(" = ");
    symbol(out, target);
}

fn write_reference(out: &mut String, reference: &Reference, inst: &Inst) {
    match reference {
        Reference::Constant(c) => constant(out, c),
        Reference::Class(s) => {
            if super::ReferenceKind::of(inst.op) == Some(super::ReferenceKind::Constant) {
                out.push_str("class ");
            }
            symbol(out, s);
        }
        Reference::Field(f) => {
            symbol(out, &f.class);
            out.push('.');
            name(out, &f.name);
            let _ = write!(out, "@{}:{}", f.offset, f.repr.name());
        }
        Reference::Cell(cell) => {
            binding(out, &cell.kind);
            let _ = write!(out, " {}", cell.signature);
        }
        Reference::Method(m) => {
            symbol(out, &m.class);
            let _ = write!(out, "#{}:", m.slot);
            name(out, &m.name);
            let _ = write!(out, " {}", m.signature);
        }
        Reference::Target(target) => {
            if target.constructs {
                out.push_str("constructor ");
            }
            symbol(out, &target.symbol);
            let _ = write!(out, " {}", target.signature);
        }
        Reference::Global { module, name: n } => {
            name(out, module);
            out.push(':');
            name(out, n);
        }
        Reference::Check(check) => {
            checked_type(out, &check.ty);
            match &check.context {
                CheckContext::Value => out.push_str(" value"),
                CheckContext::Return(n) => {
                    out.push_str(" return ");
                    name(out, n);
                }
                CheckContext::Attribute(n) => {
                    out.push_str(" attribute ");
                    name(out, n);
                }
                CheckContext::Argument { function, param } => {
                    out.push_str(" argument ");
                    name(out, function);
                    out.push(' ');
                    name(out, param);
                }
            }
        }
        Reference::Local(n) => name(out, n),
        Reference::Keywords(items) => names(out, items.iter().map(|n| n.as_str())),
        Reference::Named { name: n, keywords } => {
            name(out, n);
            names(out, keywords.iter().map(|n| n.as_str()));
        }
        Reference::Default {
            function,
            param,
            name: n,
        } => {
            symbol(out, function);
            let _ = write!(out, "#{param}:");
            name(out, n);
        }
    }
}

//! Code for people: Cranelift's form and machine code with names in place of addresses and the source beside it.

use std::fmt::Write;

use capstone::prelude::*;
use cranelift_codegen::FinalizedRelocTarget;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, SourceLoc};
use keelback_lowering::function::Function;
use rustc_hash::FxHashMap;

use crate::compiler::{Jit, JitError};
use crate::emit::{External, Labels};
use crate::linker::Linker;

/// A stage of code generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Cranelift's form, as it is translated.
    Clif,
    /// Machine code.
    Asm,
}

impl Jit {
    /// A function's native entry at a stage. `source` is the module's text, whose lines are shown where code for them begins. Nothing is
    /// published, so the linker may make its addresses up.
    pub fn describe(
        &mut self,
        function: &Function,
        linker: &dyn Linker,
        stage: Stage,
        source: Option<&str>,
    ) -> Result<String, JitError> {
        let mut labels: Labels = Some(FxHashMap::default());
        self.build_native(function, linker, &mut labels)?;
        let labels = labels.unwrap_or_default();
        let lines: Vec<&str> = source.map(|s| s.lines().collect()).unwrap_or_default();
        let mut out = format!("{} {}\n", function.symbol, function.signature);
        match stage {
            Stage::Clif => self.describe_clif(&labels, &lines, &mut out),
            Stage::Asm => self.describe_asm(&labels, &lines, &mut out)?,
        }
        Ok(out)
    }

    fn describe_clif(&self, labels: &FxHashMap<u64, String>, lines: &[&str], out: &mut String) {
        let func = &self.context.func;
        let mut at = SourceLoc::default();
        for block in func.layout.blocks() {
            let params: Vec<String> = func
                .dfg
                .block_params(block)
                .iter()
                .map(|v| format!("{v}: {}", func.dfg.value_type(*v)))
                .collect();
            let cold = if func.layout.is_cold(block) {
                " cold"
            } else {
                ""
            };
            let _ = writeln!(out, "{block}({}){cold}:", params.join(", "));
            for inst in func.layout.block_insts(block) {
                source_line(func.srcloc(inst), &mut at, lines, out);
                let mut text = func.dfg.display_inst(inst).to_string();
                for (i, (_, name)) in func.params.user_named_funcs().iter().enumerate() {
                    if let Some(external) = External::from_name(name) {
                        text = replace_name(&text, &format!("fn{i}"), external.label());
                    }
                }
                let note = number_in(&text)
                    .and_then(|v| labels.get(&v))
                    .map(|l| format!("  ; {l}"))
                    .unwrap_or_default();
                let _ = writeln!(out, "    {text}{note}");
            }
        }
    }

    fn describe_asm(
        &mut self,
        labels: &FxHashMap<u64, String>,
        lines: &[&str],
        out: &mut String,
    ) -> Result<(), JitError> {
        let wrong = |e: capstone::Error| JitError::Host(e.to_string());
        self.context
            .compile(&*self.isa, &mut ControlPlane::default())
            .map_err(|e| JitError::Codegen(format!("{:?}", e.inner)))?;
        let Some(code) = self.context.compiled_code() else {
            return Err(JitError::Codegen("no code".into()));
        };
        let cs = if cfg!(target_arch = "aarch64") {
            Capstone::new()
                .arm64()
                .mode(arch::arm64::ArchMode::Arm)
                .build()
        } else {
            Capstone::new()
                .x86()
                .mode(arch::x86::ArchMode::Mode64)
                .syntax(arch::x86::ArchSyntax::Intel)
                .build()
        }
        .map_err(wrong)?;
        let names = self.context.func.params.user_named_funcs();
        let mut relocations: FxHashMap<u64, String> = FxHashMap::default();
        for r in code.buffer.relocs() {
            let label = match &r.target {
                FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                    External::from_name(&names[*name]).map(|e| e.label().to_string())
                }
                FinalizedRelocTarget::ExternalName(name) => {
                    Some(name.display(Some(&self.context.func.params)).to_string())
                }
                FinalizedRelocTarget::Func(_) => None,
            };
            if let Some(label) = label {
                relocations.insert(u64::from(r.offset), label);
            }
        }
        let bytes = code.code_buffer();
        let mut at = SourceLoc::default();
        let mut locations = code.buffer.get_srclocs_sorted().iter().peekable();
        let disassembly = cs.disasm_all(bytes, 0).map_err(wrong)?;
        for insn in disassembly.iter() {
            let (start, end) = (insn.address(), insn.address() + insn.bytes().len() as u64);
            while let Some(location) = locations.peek() {
                if u64::from(location.start) > start {
                    break;
                }
                if u64::from(location.end) > start {
                    source_line(location.loc, &mut at, lines, out);
                }
                locations.next();
            }
            let operands = insn.op_str().unwrap_or("");
            let note = (start..end)
                .find_map(|o| relocations.get(&o))
                .or_else(|| number_in(operands).and_then(|v| labels.get(&v)))
                .map(|l| format!("  ; {l}"))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "{start:6x}  {} {operands}{note}",
                insn.mnemonic().unwrap_or("?"),
            );
        }
        let _ = writeln!(out, "; {} bytes", bytes.len());
        Ok(())
    }
}

/// Writes the source line of a location when it is another than the last.
fn source_line(loc: SourceLoc, at: &mut SourceLoc, lines: &[&str], out: &mut String) {
    if loc.is_default() || loc == *at {
        return;
    }
    *at = loc;
    let line = loc.bits() as usize;
    let text = lines.get(line.wrapping_sub(1)).map_or("", |l| l.trim_end());
    let _ = writeln!(out, "; {line}: {text}");
}

/// The last hexadecimal or decimal number in an instruction that is large enough to be an address.
fn number_in(text: &str) -> Option<u64> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .rev()
        .filter_map(|word| match word.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(&hex.replace('_', ""), 16).ok(),
            None => word.replace('_', "").parse().ok(),
        })
        .find(|v| *v >= 0x1000)
}

/// Replaces a whole word.
fn replace_name(text: &str, name: &str, with: &str) -> String {
    match text.find(name) {
        Some(at)
            if !text[at + name.len()..]
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphanumeric()) =>
        {
            format!("{}{with}{}", &text[..at], &text[at + name.len()..])
        }
        _ => text.to_string(),
    }
}

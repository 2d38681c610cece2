//! Text to functions.

use std::fmt;
use std::sync::Arc;

use keelback_checker::types::{Constant, Name, Primitive, Symbol, Type, Types};
use smallvec::SmallVec;

use super::{KINDS, ReferenceKind};
use crate::function::{
    Block, BlockData, CellKind, CellRef, CheckContext, CheckRef, Edge, FieldRef, Frame, Function,
    Imm, Inst, MethodRef, Origin, Reference, Span, TargetRef, Value,
};
use crate::helpers::Helper;
use crate::ops::{Cond, ImmKind, Op};
use crate::types::{RegType, Repr, Signature};

/// Why text is not a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was expected.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

type Parsed<T> = Result<T, ParseError>;

/// Parses the text form of one function. It does not verify it.
pub fn parse(text: &str) -> Parsed<Function> {
    let mut lines = text.lines().enumerate().filter_map(|(index, line)| {
        let mut cursor = Cursor::new(line, index + 1);
        cursor.space();
        (!cursor.done()).then_some(cursor)
    });
    let end = ParseError {
        line: text.lines().count().max(1),
        column: 1,
        message: "the function ends too early".into(),
    };
    let mut header = lines.next().ok_or_else(|| end.clone())?;
    let mut function = header.header()?;
    for mut line in lines.by_ref() {
        if line.eat("}") {
            line.finish()?;
            return match lines.next() {
                None => Ok(function),
                Some(extra) => extra.fail("nothing may follow the function"),
            };
        }
        if line.at_block() {
            line.block_header(&mut function)?;
        } else if line.indexed("frame").is_some() {
            line.frame(&mut function)?;
        } else {
            let inst = line.instruction(&mut function)?;
            match function.blocks.last_mut() {
                Some(block) => block.insts.push(inst),
                None => return line.fail("expected a block"),
            }
        }
    }
    Err(end)
}

struct Cursor {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Cursor {
    fn new(text: &str, line: usize) -> Cursor {
        Cursor {
            chars: text.chars().collect(),
            at: 0,
            line,
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(ParseError {
            line: self.line,
            column: self.at + 1,
            message: message.into(),
        })
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn done(&self) -> bool {
        matches!(self.peek(), None | Some(';'))
    }

    fn finish(&mut self) -> Parsed<()> {
        self.space();
        if self.done() {
            Ok(())
        } else {
            self.fail("expected the end of the line")
        }
    }

    fn looks(&mut self, text: &str) -> bool {
        self.space();
        text.chars()
            .enumerate()
            .all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.looks(text);
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) {
            Ok(())
        } else {
            self.fail(format!("expected `{text}`"))
        }
    }

    /// The word at the cursor, which stays.
    fn peek_word(&mut self) -> String {
        self.space();
        self.chars[self.at..]
            .iter()
            .take_while(|c| c.is_alphanumeric() || **c == '_' || **c == '.')
            .collect()
    }

    fn word(&mut self) -> Parsed<String> {
        let word = self.peek_word();
        if word.is_empty() {
            return self.fail("expected a word");
        }
        self.at += word.chars().count();
        Ok(word)
    }

    /// Eats the word `text` if it stands here alone, not as a module's name in a symbol.
    fn keyword(&mut self, text: &str) -> bool {
        let n = text.chars().count();
        let found = self.peek_word() == text && self.chars.get(self.at + n) != Some(&':');
        if found {
            self.at += n;
        }
        found
    }

    fn string(&mut self) -> Parsed<String> {
        self.expect("\"")?;
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else {
                return self.fail("the string does not end");
            };
            self.at += 1;
            match c {
                '"' => return Ok(out),
                '\\' => {
                    let Some(escape) = self.peek() else {
                        return self.fail("the string does not end");
                    };
                    self.at += 1;
                    match escape {
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        '"' | '\\' | '\'' => out.push(escape),
                        'x' => {
                            let hex: String = self.chars[self.at..].iter().take(2).collect();
                            let code = u32::from_str_radix(&hex, 16).ok();
                            match code.and_then(char::from_u32) {
                                Some(c) if hex.len() == 2 => {
                                    out.push(c);
                                    self.at += 2;
                                }
                                _ => return self.fail("expected two hexadecimal digits"),
                            }
                        }
                        'u' => {
                            self.expect("{")?;
                            let hex = self.word()?;
                            self.expect("}")?;
                            match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
                                Some(c) => out.push(c),
                                None => return self.fail("expected a character's number"),
                            }
                        }
                        _ => return self.fail("unknown escape"),
                    }
                }
                c => out.push(c),
            }
        }
    }

    fn name(&mut self) -> Parsed<Name> {
        if self.looks("\"") {
            Ok(Name::new(self.string()?))
        } else {
            Ok(Name::new(self.word()?))
        }
    }

    fn symbol(&mut self) -> Parsed<Symbol> {
        let module = self.name()?;
        self.expect(":")?;
        let qualname = self.name()?;
        Ok(Symbol::of(module, qualname))
    }

    fn digits(&mut self) -> Parsed<String> {
        self.space();
        let start = self.at;
        if matches!(self.peek(), Some('-' | '+')) {
            self.at += 1;
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        if text.ends_with(|c: char| c.is_ascii_digit()) {
            Ok(text)
        } else {
            self.fail("expected a number")
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> Parsed<T> {
        let text = self.digits()?;
        text.parse()
            .or_else(|_| self.fail(format!("{text} is out of range")))
    }

    fn hex(&mut self) -> Parsed<u64> {
        let word = self.word()?;
        let digits = word.strip_prefix("0x").unwrap_or("");
        u64::from_str_radix(digits, 16)
            .or_else(|_| self.fail("expected a hexadecimal number such as 0x7ff0000000000000"))
    }

    fn float(&mut self) -> Parsed<u64> {
        if self.keyword("float") {
            return self.hex();
        }
        match self.numeral()? {
            Constant::Float(bits) => Ok(bits),
            Constant::Int(v) => Ok((v as f64).to_bits()),
            _ => self.fail("expected a float"),
        }
    }

    /// An int of 64 bits or a float, by whether it has a point or an exponent.
    fn numeral(&mut self) -> Parsed<Constant> {
        self.space();
        let start = self.at;
        let mut previous = ' ';
        while let Some(c) = self.peek() {
            let exponent_sign = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E');
            let sign = matches!(c, '+' | '-') && self.at == start;
            if !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || sign || exponent_sign) {
                break;
            }
            previous = c;
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        if text.contains(['.', 'e', 'E']) {
            match text.parse::<f64>() {
                Ok(v) => Ok(Constant::Float(v.to_bits())),
                Err(_) => self.fail("expected a number"),
            }
        } else {
            match text.parse() {
                Ok(v) => Ok(Constant::Int(v)),
                Err(_) => self.fail("expected a number of 64 bits"),
            }
        }
    }

    fn repr(&mut self) -> Parsed<Repr> {
        let word = self.word()?;
        match Repr::from_name(&word) {
            Some(r) => Ok(r),
            None => self.fail(format!("`{word}` is no representation")),
        }
    }

    fn signature(&mut self) -> Parsed<Signature> {
        self.expect("(")?;
        let mut params = Vec::new();
        if !self.eat(")") {
            loop {
                params.push(self.repr()?);
                if self.eat(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        self.expect("->")?;
        let ret = self.repr()?;
        Ok(Signature { params, ret })
    }

    fn header(&mut self) -> Parsed<Function> {
        if !self.keyword("function") {
            return self.fail("expected `function`");
        }
        let symbol = self.symbol()?;
        let word = self.word()?;
        let Some((kind, _)) = KINDS.iter().find(|(_, n)| *n == word) else {
            return self.fail(format!("`{word}` is no kind of function"));
        };
        let origin = if self.keyword("constructor") {
            Origin::Constructor(self.symbol()?)
        } else if self.keyword("thunk") {
            Origin::Thunk(self.binding()?)
        } else if self.keyword("method_thunk") {
            Origin::MethodThunk(self.symbol()?)
        } else if self.keyword("adapter") {
            Origin::Adapter(self.symbol()?)
        } else {
            Origin::Source
        };
        let signature = self.signature()?;
        self.expect("{")?;
        self.finish()?;
        Ok(Function::new(symbol, origin, *kind, signature))
    }

    /// `v7` or `block7`: the number.
    fn indexed(&mut self, prefix: &str) -> Option<u32> {
        let word = self.peek_word();
        let number = word.strip_prefix(prefix)?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        number.parse().ok().filter(|n| *n < 1 << 24)
    }

    fn register(&mut self) -> Parsed<Value> {
        match self.indexed("v") {
            Some(n) => {
                self.word()?;
                Ok(Value(n))
            }
            None => self.fail("expected a register"),
        }
    }

    fn reg_type(&mut self) -> Parsed<RegType> {
        let mut ty = RegType::new(self.repr()?);
        while self.eat("[") {
            if self.peek().is_some_and(|c| c == '-' || c.is_ascii_digit()) {
                let low = self.number()?;
                self.expect("..")?;
                ty.range = Some((low, self.number()?));
            } else {
                ty.class = Some(self.symbol()?);
                ty.exact = self.eat("!");
            }
            self.expect("]")?;
        }
        ty.nullable = self.eat("?");
        Ok(ty)
    }

    fn define(&mut self, function: &mut Function) -> Parsed<Value> {
        let value = self.register()?;
        self.expect(":")?;
        let ty = self.reg_type()?;
        while function.values.len() <= value.0 as usize {
            function.values.push(RegType::obj());
        }
        function.values[value.0 as usize] = ty;
        Ok(value)
    }

    fn at_block(&mut self) -> bool {
        self.indexed("block").is_some()
    }

    fn block_header(&mut self, function: &mut Function) -> Parsed<()> {
        let number = self.indexed("block").unwrap_or(0);
        if number as usize != function.blocks.len() {
            return self.fail(format!(
                "blocks are numbered in order: expected block{}",
                function.blocks.len()
            ));
        }
        self.word()?;
        let mut block = BlockData::default();
        if self.eat("(") {
            loop {
                block.params.push(self.define(function)?);
                if self.eat(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        block.cold = self.keyword_before_colon("cold");
        self.expect(":")?;
        self.finish()?;
        function.blocks.push(block);
        Ok(())
    }

    fn keyword_before_colon(&mut self, text: &str) -> bool {
        let found = self.peek_word() == text;
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn edge(&mut self) -> Parsed<Edge> {
        let Some(number) = self.indexed("block") else {
            return self.fail("expected a block");
        };
        self.word()?;
        let mut args = SmallVec::new();
        if self.eat("(") {
            loop {
                args.push(self.register()?);
                if self.eat(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        Ok(Edge {
            block: Block(number),
            args,
        })
    }

    fn instruction(&mut self, function: &mut Function) -> Parsed<Inst> {
        let result = if self.indexed("v").is_some() {
            let result = self.define(function)?;
            self.expect("=")?;
            Some(result)
        } else {
            None
        };
        let borrowed = self.keyword("borrow");
        let word = self.word()?;
        let Some(op) = Op::from_name(&word) else {
            return self.fail(format!("`{word}` is no op"));
        };
        let mut inst = Inst::new(op, Span::default());
        inst.result = result;
        inst.borrowed = borrowed;
        match op.info().imm {
            ImmKind::cond => {
                let word = self.word()?;
                match Cond::from_name(&word) {
                    Some(c) => inst.imm = Imm::Cond(c),
                    None => return self.fail(format!("`{word}` is no comparison")),
                }
            }
            ImmKind::helper => {
                let word = self.word()?;
                match Helper::from_name(&word) {
                    Some(h) => inst.imm = Imm::Helper(h),
                    None => return self.fail(format!("`{word}` is no helper")),
                }
            }
            _ => {}
        }
        let mut first = true;
        loop {
            self.space();
            if self.done() || matches!(self.peek(), Some('!' | '@')) {
                break;
            }
            if !first {
                self.expect(",")?;
            }
            first = false;
            self.item(function, &mut inst)?;
        }
        if self.eat("!") {
            inst.error = Some(self.edge()?);
        }
        if self.eat("@") {
            inst.span = self.span()?;
        }
        self.finish()?;
        Ok(inst)
    }

    /// What follows the `@` of a position.
    fn span(&mut self) -> Parsed<Span> {
        let start = self.number()?;
        self.expect("..")?;
        let end = self.number()?;
        self.expect(":")?;
        let line = self.number()?;
        let frame = if self.eat("#") { self.number()? } else { 0 };
        Ok(Span {
            start,
            end,
            line,
            frame,
        })
    }

    fn frame(&mut self, function: &mut Function) -> Parsed<()> {
        let expected = function.frames.len() + 1;
        if self.indexed("frame") != Some(expected as u32) || !function.blocks.is_empty() {
            return self.fail(format!(
                "frames are numbered in order before the blocks: expected frame{expected}"
            ));
        }
        self.word()?;
        let callee = if self.looks("@") {
            None
        } else {
            Some(self.symbol()?)
        };
        self.expect("@")?;
        let call = self.span()?;
        self.finish()?;
        function.frames.push(Frame {
            function: callee,
            call,
        });
        Ok(())
    }

    fn item(&mut self, function: &mut Function, inst: &mut Inst) -> Parsed<()> {
        if let Some(number) = self.indexed("v") {
            let n = self.peek_word().chars().count();
            if self.chars.get(self.at + n) != Some(&':') {
                self.at += n;
                inst.args.push(Value(number));
                return Ok(());
            }
        }
        if self.at_block() {
            let edge = self.edge()?;
            inst.targets.push(edge);
            return Ok(());
        }
        if inst.imm != Imm::None {
            return self.fail("expected a register, a block or the end of the line");
        }
        inst.imm = match inst.op.info().imm {
            ImmKind::i64 => Imm::Int(self.number()?),
            ImmKind::f64 => Imm::Float(self.float()?),
            ImmKind::bool if self.keyword("true") => Imm::Bool(true),
            ImmKind::bool if self.keyword("false") => Imm::Bool(false),
            ImmKind::r#ref | ImmKind::check => {
                let reference = self.reference(inst.op)?;
                Imm::Ref(function.reference(reference))
            }
            _ => return self.fail("expected a register or a block"),
        };
        Ok(())
    }

    fn reference(&mut self, op: Op) -> Parsed<Reference> {
        let Some(kind) = ReferenceKind::of(op) else {
            return self.fail("this op takes no reference");
        };
        Ok(match kind {
            ReferenceKind::Constant => {
                if self.keyword("class") {
                    Reference::Class(self.symbol()?)
                } else {
                    Reference::Constant(self.constant()?)
                }
            }
            ReferenceKind::Class => Reference::Class(self.symbol()?),
            ReferenceKind::Field => {
                let module = self.name()?;
                self.expect(":")?;
                // The last part of an unquoted qualified name is the field, unless that stands in quotes of its own.
                let qualname = self.name()?;
                let (class, name) = if self.eat(".") {
                    (qualname, self.name()?)
                } else if let Some(class) = qualname.strip_suffix('.') {
                    (Name::new(class), self.name()?)
                } else {
                    match qualname.rsplit_once('.') {
                        Some((class, field)) => (Name::new(class), Name::new(field)),
                        None => return self.fail("expected a field"),
                    }
                };
                let class = Symbol::of(module, class);
                self.expect("@")?;
                let offset = self.number()?;
                self.expect(":")?;
                Reference::Field(FieldRef {
                    class,
                    name,
                    offset,
                    repr: self.repr()?,
                })
            }
            ReferenceKind::Cell => Reference::Cell(CellRef {
                kind: self.binding()?,
                signature: self.signature()?,
            }),
            ReferenceKind::Method => {
                let class = self.symbol()?;
                self.expect("#")?;
                let slot = self.number()?;
                self.expect(":")?;
                let name = self.name()?;
                Reference::Method(MethodRef {
                    class,
                    slot,
                    name,
                    signature: self.signature()?,
                })
            }
            ReferenceKind::Target => {
                let constructs = self.keyword("constructor");
                Reference::Target(TargetRef {
                    symbol: self.symbol()?,
                    constructs,
                    signature: self.signature()?,
                })
            }
            ReferenceKind::Global => {
                let symbol = self.symbol()?;
                Reference::Global {
                    module: symbol.module,
                    name: symbol.qualname,
                }
            }
            ReferenceKind::Check => {
                let ty = self.checked_type()?;
                let context = match self.word()?.as_str() {
                    "value" => CheckContext::Value,
                    "return" => CheckContext::Return(self.name()?),
                    "attribute" => CheckContext::Attribute(self.name()?),
                    "argument" => CheckContext::Argument {
                        function: self.name()?,
                        param: self.name()?,
                    },
                    other => return self.fail(format!("`{other}` is no context of a check")),
                };
                Reference::Check(CheckRef { ty, context })
            }
            ReferenceKind::Local => Reference::Local(self.name()?),
            ReferenceKind::Keywords => Reference::Keywords(self.names()?),
            ReferenceKind::Named => Reference::Named {
                name: self.name()?,
                keywords: self.names()?,
            },
            ReferenceKind::Default => {
                let function = self.symbol()?;
                self.expect("#")?;
                let param = self.number()?;
                self.expect(":")?;
                Reference::Default {
                    function,
                    param,
                    name: self.name()?,
                }
            }
        })
    }

    fn names(&mut self) -> Parsed<Vec<Name>> {
        self.expect("[")?;
        let mut out = Vec::new();
        if !self.eat("]") {
            loop {
                out.push(self.name()?);
                if self.eat("]") {
                    break;
                }
                self.expect(",")?;
            }
        }
        Ok(out)
    }

    fn binding(&mut self) -> Parsed<CellKind> {
        if self.keyword("direct") {
            return Ok(CellKind::Direct {
                function: self.symbol()?,
            });
        }
        let is_class = self.keyword("class");
        if !is_class && !self.keyword("function") {
            return self.fail("expected `function`, `class` or `direct`");
        }
        let bound = self.symbol()?;
        self.expect("=")?;
        let target = self.symbol()?;
        let (module, name) = (bound.module, bound.qualname);
        Ok(if is_class {
            CellKind::Class {
                module,
                name,
                target,
            }
        } else {
            CellKind::Function {
                module,
                name,
                target,
            }
        })
    }

    fn constant(&mut self) -> Parsed<Constant> {
        if self.eat("...") {
            return Ok(Constant::Ellipsis);
        }
        if self.looks("\"") {
            return Ok(Constant::Str(Arc::from(self.string()?)));
        }
        if self.looks("b\"") {
            self.at += 1;
            let text = self.string()?;
            let bytes: Option<Vec<u8>> =
                text.chars().map(|c| u8::try_from(c as u32).ok()).collect();
            return match bytes {
                Some(bytes) => Ok(Constant::Bytes(Arc::from(bytes))),
                None => self.fail("bytes hold numbers up to 255 only"),
            };
        }
        if self.eat("(") {
            let mut items = Vec::new();
            while !self.eat(")") {
                items.push(self.constant()?);
                self.expect(",")?;
            }
            return Ok(Constant::Tuple(items.into()));
        }
        if self.keyword("None") {
            return Ok(Constant::None);
        }
        if self.keyword("True") {
            return Ok(Constant::Bool(true));
        }
        if self.keyword("False") {
            return Ok(Constant::Bool(false));
        }
        if self.keyword("big") {
            return Ok(Constant::BigInt(Arc::from(self.digits()?)));
        }
        if self.keyword("imag") {
            return Ok(Constant::Imaginary(self.hex()?));
        }
        if self.keyword("float") {
            return Ok(Constant::Float(self.hex()?));
        }
        self.numeral()
    }

    fn type_list(&mut self, separator: &str, end: &str) -> Parsed<Types> {
        let mut items = Vec::new();
        if !self.eat(end) {
            loop {
                items.push(self.checked_type()?);
                if self.eat(end) {
                    break;
                }
                self.expect(separator)?;
            }
        }
        Ok(items.into())
    }

    fn checked_type(&mut self) -> Parsed<Type> {
        if self.eat("(") {
            return Ok(Type::Tuple(self.type_list(",", ")")?));
        }
        if self.eat("{") {
            return Ok(Type::Union(self.type_list("|", "}")?));
        }
        if self.eat("=") {
            return Ok(Type::literal(&self.constant()?));
        }
        if self.keyword("dynamic") {
            return Ok(Type::Dynamic);
        }
        if self.keyword("never") {
            return Ok(Type::Never);
        }
        if self.keyword("none") {
            return Ok(Type::None);
        }
        if self.keyword("prim") {
            let word = self.word()?;
            return match Primitive::from_name(&word) {
                Some(p) => Ok(Type::Primitive(p)),
                None => self.fail(format!("`{word}` is no primitive type")),
            };
        }
        if self.keyword("member") {
            return Ok(Type::EnumMember(self.symbol()?, self.name()?));
        }
        if self.keyword("type") {
            return Ok(Type::Class(self.symbol()?));
        }
        if self.keyword("call") {
            return Ok(Type::any_callable());
        }
        let class = self.symbol()?;
        let exact = self.eat("!");
        let args = if self.eat("[") {
            self.type_list(",", "]")?
        } else {
            Types::none()
        };
        Ok(if exact {
            Type::Exact(class, args)
        } else {
            Type::Instance(class, args)
        })
    }
}

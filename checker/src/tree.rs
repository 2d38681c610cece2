//! The typed tree: what the checker hands to lowering for one function.
//!
//! Every name is resolved, every call is bound, every conversion is a node, sugar is gone (chained comparisons, augmented
//! assignment, comprehensions, unpacking). Lowering needs no knowledge of Python's rules beyond this page: it translates node
//! by node into typed bytecode, choosing ops by the [`Held`](crate::types::Held) representation of the operands' types.
//!
//! Invariants, which `check_function` establishes and lowering may assume (and verifies in debug builds):
//!
//! - A [`Local`] has one type for the whole function: its declared type, or the join of everything assigned to it. What a read is
//!   narrowed to is said by a [`ExprKind::Convert`] around [`ExprKind::Local`].
//! - A value flows into a place (argument, local, field, return, operand) only when its type is held as the place's type is
//!   held, and needs no check: otherwise there is a `Convert` in between.
//! - Operands of a numeric [`ExprKind::Binary`] or [`ExprKind::Compare`] have the same representation, or are all objects.
//! - Arguments of static calls are complete and in parameter order: defaults are filled in.

use std::sync::Arc;

use keelback_parser::text_size::TextRange;

use crate::interface::FunctionKind;
use crate::types::{Constant, Name, Symbol, Type};

/// A function's body as a typed tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Body {
    /// The function.
    pub function: Symbol,
    /// Its kind.
    pub kind: FunctionKind,
    /// The file's display name is the module's; spans are byte ranges in it.
    pub span: TextRange,
    /// The first `params` locals are the parameters in order (`*args` as a tuple, `**kwargs` as a dict).
    pub params: usize,
    /// Locals and temporaries.
    pub locals: Vec<Local>,
    /// The type of the value returned (natively held so).
    pub returns: Type,
    /// What must be so for the tree to mean what the function means, beside the bindings that its calls name. When one stops being so, the
    /// function goes back to CPython's version.
    pub assumptions: Vec<Assumption>,
    /// The statements.
    pub stmts: Vec<Stmt>,
}

/// Something outside the function that the tree relies on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Assumption {
    /// The name is bound in `builtins` to what it was, and not at all in the function's module.
    Builtin(Name),
    /// The binding is the module of this name.
    Module {
        /// The binding.
        binding: Binding,
        /// The module's full name.
        module: Name,
    },
    /// The binding is what attribute `name` of `module` was when that module was first imported.
    Member {
        /// The binding.
        binding: Binding,
        /// The module that has it.
        module: Name,
        /// The attribute.
        name: Name,
    },
    /// The binding is this class.
    Class {
        /// The binding.
        binding: Binding,
        /// The class.
        class: Symbol,
    },
    /// In the method resolution order of every class below `class`, what lies between that and `owner` is what lies between them in its own: what `super()`
    /// finds there.
    Super {
        /// The class in whose methods `super()` is.
        class: Symbol,
        /// The class that has what is found.
        owner: Symbol,
    },
}

/// An index into [`Body::locals`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// A local variable or temporary.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// Its name; temporaries are named `.0`, `.1` …
    pub name: Name,
    /// Storage type.
    pub ty: Type,
    /// Some read may come before any assignment: such reads raise `UnboundLocalError` when they do.
    pub maybe_unbound: bool,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// Where it is.
    pub span: TextRange,
}

/// The kinds of statement.
#[derive(Clone, PartialEq, Debug)]
pub enum StmtKind {
    /// Evaluate and drop.
    Expr(Expr),
    /// Store a value, which already has the target's type.
    Assign(Target, Expr),
    /// Unpack an iterable into exactly `targets.len()` object temporaries (types of which are all held as objects); raises CPython's `ValueError`s.
    Unpack {
        /// The iterable, held as an object.
        value: Expr,
        /// Temporaries.
        targets: Vec<LocalId>,
    },
    /// `if`; `test` is held as a bool.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `while … else`; `test` is held as a bool.
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `for … else`; the body starts by assigning from the item temporary to the real target.
    For {
        /// What is iterated.
        iterable: Iterable,
        /// A temporary that receives each item; its type is the iterable's item type.
        item: LocalId,
        /// Body.
        body: Vec<Stmt>,
        /// `else` part: runs when the loop ends without `break`.
        orelse: Vec<Stmt>,
    },
    /// `return`; the value has the function's return type.
    Return(Option<Expr>),
    /// `raise [exc [from cause]]`; both held as objects. Without `exc` it re-raises the exception being handled.
    Raise(Option<Expr>, Option<Expr>),
    /// `assert test, message`; raises `AssertionError` (skipped under `-O` at run time).
    Assert(Expr, Option<Expr>),
    /// `break` out of the innermost loop.
    Break,
    /// `continue` the innermost loop.
    Continue,
    /// `del local`.
    DeleteLocal(LocalId),
    /// `del object[index]`, both held as objects.
    DeleteItem(Expr, Expr),
    /// `del object.name`.
    DeleteAttr(Expr, Name),
}

/// What a `for` statement iterates.
#[derive(Clone, PartialEq, Debug)]
pub enum Iterable {
    /// `range(start, stop, step)`: all of `int` or all of one primitive integer type. `step` is not known to be non-zero unless constant.
    Range(Expr, Expr, Expr),
    /// A value whose type is `list`: direct indexing while it is exactly a list, the iterator protocol otherwise. Items are objects.
    List(Expr),
    /// The same for `tuple`.
    Tuple(Expr),
    /// Anything else, by the iterator protocol. Items are objects.
    Iterator(Expr),
    /// An `Array[T]` of `__static__`; items are primitives.
    Array(Expr),
}

/// Where a value is stored.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// A local.
    Local(LocalId),
    /// A global of this module, by name; the value is held as an object.
    Global(Name),
    /// A field of a laid-out class; the value has the field's type.
    Field {
        /// The object, an instance of `class`.
        object: Expr,
        /// The class whose layout has the field.
        class: Symbol,
        /// The field's (mangled) name.
        field: Name,
    },
    /// A property setter or any other attribute, by the attribute protocol; the value is held as an object.
    Attr(Expr, Name),
    /// `list[int] = object` on a value of type `list`; index held as `int` or `int64`, value as an object.
    ListItem(Expr, Expr),
    /// `Array[T]` store; index held as `int` or `int64`, value as the element primitive.
    ArrayItem(Expr, Expr),
    /// Any other `object[index] = value`, all held as objects.
    Item(Expr, Expr),
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: Box<ExprKind>,
    /// Its type; how its value is held follows from it.
    pub ty: Type,
    /// What the rules of typing say of it, where that is more than is certain at run time: the result of a library function, a type
    /// variable, a protocol. Diagnostics are made from it, code never is.
    pub belief: Option<Type>,
    /// Where it is.
    pub span: TextRange,
}

impl Expr {
    /// The type that the rules of typing give it.
    pub fn view(&self) -> Type {
        self.belief.unwrap_or(self.ty)
    }

    /// The same expression, believed to be of type `ty`. A belief that says no more than the type is none.
    pub fn believed(mut self, ty: Type) -> Expr {
        self.belief = (ty != self.ty && !ty.is_dynamic()).then_some(ty);
        self
    }
}

/// The kinds of expression.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// A constant of the expression's type (`Int(3)` with type `int64`, `double`, `int` or, boxed, `object`).
    Constant(Constant),
    /// A local's value, with the local's storage type.
    Local(LocalId),
    /// A global of a static module as it is now, as an object (unchecked: a `Convert` follows when its type is used). Falls back to builtins,
    /// raises `NameError`.
    Global {
        /// The module whose dict is read.
        module: Name,
        /// The name.
        name: Name,
    },
    /// Change of type; see [`Conversion`].
    Convert(Conversion, Expr),
    /// `-x`, `+x`, `~x`. Operand has the representation of the result, or both are objects.
    Unary(UnaryOp, Expr),
    /// `left op right`. Both operands have the representation that the operation works in; the result follows from the operation (`/` of ints
    /// is a float; `&`, `|` and `^` of bools are a bool). On objects the `in_place` form is used for augmented assignment.
    Binary {
        /// Operator.
        op: BinaryOp,
        /// Left operand.
        left: Expr,
        /// Right operand.
        right: Expr,
        /// `x op= y`.
        in_place: bool,
    },
    /// A single comparison. Typed `bool` when numeric or `is`/`in`/`not in`; on objects the result is an object, except that a comparison which is
    /// only tested is typed `bool` at once.
    Compare(CompareOp, Expr, Expr),
    /// Whether the value, held as an object, is an instance of one of these classes by its type's MRO alone. They are laid out, or builtins.
    IsInstance {
        /// The object.
        value: Expr,
        /// The classes.
        classes: Vec<Symbol>,
        /// Whether an object whose type derives from none of them is asked for its `__class__`, as CPython does.
        asks: bool,
    },
    /// `not x`; operand held as a bool.
    Not(Expr),
    /// Truth of any value, as a bool.
    Truth(Expr),
    /// `a and b`: `b` if `a` is true, else `a`; both of the expression's type.
    And(Expr, Expr),
    /// `a or b`.
    Or(Expr, Expr),
    /// `x if test else y`: test held as a bool, both branches of the expression's type.
    If {
        /// Condition.
        test: Expr,
        /// Value when true.
        then: Expr,
        /// Value when false.
        orelse: Expr,
    },
    /// Run statements, then the expression: comprehensions, walrus, chained comparison, anything that needs a temporary.
    Block(Vec<Stmt>, Expr),
    /// A call.
    Call(Call),
    /// A field of a laid-out class: raises `AttributeError` when unset.
    Field {
        /// The object, an instance of `class`.
        object: Expr,
        /// The class whose layout has the field.
        class: Symbol,
        /// The field's (mangled) name.
        field: Name,
    },
    /// Any other attribute, by the attribute protocol; an object.
    Attr(Expr, Name),
    /// `list[index]`; index held as `int` or `int64`; an object. Direct while exactly a list, else the general protocol.
    ListItem(Expr, Expr),
    /// `tuple[index]`, the same.
    TupleItem(Expr, Expr),
    /// `Array[T]` element, a primitive.
    ArrayItem(Expr, Expr),
    /// Any other subscript, all held as objects.
    Item(Expr, Expr),
    /// A slice object; parts held as objects (`None` where absent).
    Slice(Expr, Expr, Expr),
    /// A tuple display; items held as objects.
    Tuple(Vec<Expr>),
    /// A list display; items held as objects.
    List(Vec<Expr>),
    /// A set display; items held as objects.
    Set(Vec<Expr>),
    /// A dict display; keys and values held as objects.
    Dict(Vec<(Expr, Expr)>),
    /// An f-string: pieces joined.
    Format(Vec<FormatPiece>),
}

/// A piece of an f-string.
#[derive(Clone, PartialEq, Debug)]
pub enum FormatPiece {
    /// Literal text.
    Text(Arc<str>),
    /// A formatted value, held as an object.
    Value {
        /// The value.
        value: Expr,
        /// `!s`, `!r`, `!a` or none.
        conversion: Option<char>,
        /// The format specification, a `str` expression held as an object.
        spec: Option<Expr>,
    },
}

/// How a value's type is changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Conversion {
    /// Known to hold, by narrowing or by the type system: changes knowledge, and representation where the two types are held differently
    /// (unboxing without a check, boxing). Boxing to an object is always this one. From `bool` to `int` the value stays `True` or `False`.
    Known,
    /// Checked: the value comes from a dynamic place. `StaticTypeError` / `OverflowError` as `LANGUAGE.md` section 11 says for `check`.
    Checked(Check),
    /// Lossless numeric widening between representations (`int32` to `int64`, `int` to `double`/`float`, any small integer to `double`), and the number that
    /// a `bool` is (0 or 1) as an operand of arithmetic.
    Widen,
    /// An explicit conversion call: `int32(x)`, `double(x)`, `int(x)`, `float(x)`, `bool(x)`; `LANGUAGE.md` section 4. From an object too.
    Explicit,
    /// Implicit flow from `int`, `bool` or `float` into a primitive: `OverflowError` when out of range.
    Narrow,
}

/// What a failed check says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Check {
    /// `expected 'int', got 'str'`
    Value,
    /// `unexpected return type from f, expected int, got str`
    Return(Name),
    /// `expected 'int', got 'str' for attribute 'x'`
    Attribute(Name),
}

/// A call. Arguments are evaluated from left to right.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// Arguments; for static callees one for each parameter, receiver first.
    pub args: Vec<Arg>,
}

/// An argument of a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Arg {
    /// A value of the parameter's type.
    Value(Expr),
    /// Parameter `usize` is left out: load its default from the function object and convert it.
    Default(usize),
}

/// The target of a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Callee {
    /// A static function through the binding `module.name` (the module whose global names it: the caller's own or, for `m.f()`, that of `m`).
    Function {
        /// The binding.
        binding: Binding,
        /// The function that the binding was resolved to; its interface gives the native signature.
        function: Symbol,
    },
    /// A method of a laid-out class through its method table; the receiver is the first argument.
    Method {
        /// The receiver's static class.
        class: Symbol,
        /// Slot name in that class's layout.
        slot: Name,
    },
    /// A method of a laid-out class that cannot be overridden here (final, exact receiver), or a static or class method, or `super().m()`: called
    /// directly through the class-attribute binding.
    Direct {
        /// The function.
        function: Symbol,
    },
    /// Construction of a laid-out static class through the binding of its name; arguments are those of `__init__` without `self`.
    New {
        /// The binding.
        binding: Binding,
        /// The class.
        class: Symbol,
    },
    /// An entry of the intrinsics table (`stdlib`), by its name; arguments as the table says.
    Intrinsic(Name),
    /// Any callable object, by the vectorcall protocol: positional arguments, then those named by `keywords`. All objects.
    Object {
        /// The callable.
        callee: Expr,
        /// Names of the last arguments.
        keywords: Vec<Name>,
    },
    /// A method by name on any object: receiver first, then positional, then keyword arguments. All objects.
    ObjectMethod {
        /// The attribute.
        name: Name,
        /// Names of the last arguments.
        keywords: Vec<Name>,
    },
    /// `callee(*args, **kwargs)` in its general form: exactly two arguments, a tuple and a dict or `None`.
    Unpacked {
        /// The callable.
        callee: Expr,
    },
}

/// A module-level name that a call was resolved through: watched at run time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Binding {
    /// The module whose dict holds the name.
    pub module: Name,
    /// The name in it.
    pub name: Name,
}

/// Unary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `+`
    Pos,
    /// `~`
    Invert,
}

/// Binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `<<`
    LShift,
    /// `>>`
    RShift,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `@`
    MatMul,
}

/// Comparison operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

/// Why a function is left to CPython.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fallback {
    /// The construct, as a noun phrase: "a `try` statement", "a nested function".
    pub reason: Name,
    /// Where it is.
    pub span: TextRange,
}

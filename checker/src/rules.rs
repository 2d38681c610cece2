//! The one list of diagnostics rules. Everything else about them derives from it: the enum, the names, the default
//! levels, the summaries, and (by a test) the pages in `docs/rules/`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How seriously a rule is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Not reported.
    Ignore,
    /// Shown in the editor and on request; never affects the exit status.
    Hint,
    /// Shown; does not affect the exit status.
    Warning,
    /// Shown; the check fails and the module is not compiled.
    Error,
}

impl Level {
    /// Every level by what it may be called in a configuration, its own name before others.
    pub const NAMES: &[(&str, Level)] = &[
        ("ignore", Level::Ignore),
        ("hint", Level::Hint),
        ("warning", Level::Warning),
        ("error", Level::Error),
        ("off", Level::Ignore),
        ("warn", Level::Warning),
    ];

    /// Its own name.
    pub fn name(self) -> &'static str {
        let found = Level::NAMES.iter().find(|(_, level)| *level == self);
        found.map_or("", |(name, _)| name)
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The text is not Python, or not a static module as `LANGUAGE.md` has it.
    Language,
    /// The types do not fit.
    Types,
    /// Correct, but slower than it could be.
    Performance,
    /// Correct, but probably not meant.
    Style,
    /// An answer to a question in the text, such as `reveal_type`.
    Information,
}

macro_rules! rules {
    ($($(#[doc = $summary:literal])+ $variant:ident = $name:literal, $level:ident, $category:ident;)+) => {
        /// A rule: one kind of diagnostic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $(
                $(#[doc = $summary])+
                #[serde(rename = $name)]
                $variant,
            )+
        }

        impl Rule {
            /// Every rule, in the order of the list.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)+];

            /// The kebab-case name.
            pub const fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)+ }
            }

            /// The level that applies unless the configuration says otherwise.
            pub const fn default_level(self) -> Level {
                match self { $(Rule::$variant => Level::$level,)+ }
            }

            /// What the rule is about.
            pub const fn category(self) -> Category {
                match self { $(Rule::$variant => Category::$category,)+ }
            }

            /// One line that says what the rule finds.
            pub fn summary(self) -> &'static str {
                match self { $(Rule::$variant => concat!($($summary,)+).trim_ascii(),)+ }
            }

                    /// The Markdown page: what, why, what to do, an example that fails and one that passes.
            pub fn page(self) -> &'static str {
                match self {
                    $(Rule::$variant => include_str!(concat!("../../docs/rules/", $name, ".md")),)+
                }
            }
        }
    };
}

rules! {
    /// The text is not valid Python.
    SyntaxError = "syntax-error", Error, Language;
    /// The file cannot be read as UTF-8 text.
    InvalidEncoding = "invalid-encoding", Error, Language;
    /// The configuration in `pyproject.toml` is malformed, or names what does not exist.
    InvalidConfiguration = "invalid-configuration", Error, Language;
    /// `__static__` is imported, but not first, so the module is not static.
    StaticImportNotFirst = "static-import-not-first", Warning, Language;
    /// An imported module cannot be found.
    UnresolvedImport = "unresolved-import", Warning, Language;
    /// A name imported from a static module does not exist there.
    UnresolvedImportName = "unresolved-import-name", Error, Language;
    /// A name that is bound nowhere, or not yet, is used.
    UndefinedName = "undefined-name", Error, Types;
    /// A local name may be used before it is assigned.
    PossiblyUnbound = "possibly-unbound", Warning, Types;
    /// An attribute does not exist on a value of this type.
    UnresolvedAttribute = "unresolved-attribute", Error, Types;
    /// An argument's type does not fit the parameter.
    InvalidArgument = "invalid-argument", Error, Types;
    /// A required argument is missing from a call.
    MissingArgument = "missing-argument", Error, Types;
    /// A call passes more positional arguments than the function takes.
    TooManyArguments = "too-many-arguments", Error, Types;
    /// A call names a parameter that the function does not have.
    UnknownArgument = "unknown-argument", Error, Types;
    /// A call gives one parameter twice.
    DuplicateArgument = "duplicate-argument", Error, Types;
    /// A returned value does not fit the declared return type.
    InvalidReturn = "invalid-return", Error, Types;
    /// A type guard that can say nothing of its argument.
    InvalidTypeGuard = "invalid-type-guard", Error, Types;
    /// A yielded value does not fit what the generator is declared to yield.
    InvalidYield = "invalid-yield", Error, Types;
    /// A function that must return a value can reach its end without one.
    MissingReturn = "missing-return", Error, Types;
    /// A value does not fit the declared type of what it is assigned to.
    InvalidAssignment = "invalid-assignment", Error, Types;
    /// A default value does not fit the parameter's type.
    InvalidDefault = "invalid-default", Error, Types;
    /// A value that cannot be called is called.
    NotCallable = "not-callable", Error, Types;
    /// A value that cannot be iterated is iterated.
    NotIterable = "not-iterable", Error, Types;
    /// A value that has no items is subscripted.
    NotSubscriptable = "not-subscriptable", Error, Types;
    /// A tuple of known length is indexed out of range.
    IndexOutOfRange = "index-out-of-range", Error, Types;
    /// A tuple of known length is unpacked into the wrong number of targets.
    UnpackMismatch = "unpack-mismatch", Error, Types;
    /// An operator does not work on operands of these types.
    UnsupportedOperator = "unsupported-operator", Error, Types;
    /// An attribute, item or call is used on a value that may be `None`.
    PossiblyNone = "possibly-none", Error, Types;
    /// A raised value is not an exception.
    InvalidRaise = "invalid-raise", Error, Types;
    /// What an `except` clause names is not an exception class.
    InvalidExcept = "invalid-except", Error, Types;
    /// A value that is no context manager is used in a `with` statement.
    InvalidContextManager = "invalid-context-manager", Error, Types;
    /// A value that cannot be awaited is awaited.
    NotAwaitable = "not-awaitable", Error, Types;
    /// A literal does not fit the fixed-width type it is used as.
    LiteralOutOfRange = "literal-out-of-range", Error, Types;
    /// Two fixed-width types meet that have no common type without loss.
    MixedPrimitives = "mixed-primitives", Error, Types;
    /// An integer power has a negative literal exponent.
    NegativeExponent = "negative-exponent", Error, Types;
    /// A number is divided by a literal zero.
    DivisionByZero = "division-by-zero", Warning, Types;
    /// An annotation is not a type.
    InvalidAnnotation = "invalid-annotation", Error, Types;
    /// A generic type has the wrong number of arguments.
    WrongTypeArguments = "wrong-type-arguments", Error, Types;
    /// A type variable is used where nothing around is generic in it.
    UnboundTypeVariable = "unbound-type-variable", Error, Types;
    /// A type variable is declared in a way that cannot work, or used where one of its kind cannot stand.
    InvalidTypeVariable = "invalid-type-variable", Error, Types;
    /// The parameters of a generic class are not declared as they must be.
    InvalidGeneric = "invalid-generic", Error, Types;
    /// A type parameter is used in a way that contradicts its variance.
    InvalidVariance = "invalid-variance", Error, Types;
    /// A type alias does not stand for a type, or stands for itself.
    InvalidTypeAlias = "invalid-type-alias", Error, Types;
    /// A `NewType` is not declared as it must be.
    InvalidNewType = "invalid-new-type", Error, Types;
    /// One name has two different declared types.
    ConflictingDeclaration = "conflicting-declaration", Error, Types;
    /// A function or class is defined twice under one name.
    DuplicateDefinition = "duplicate-definition", Warning, Types;
    /// A field is declared again with a different type than the base class gives it.
    DuplicateField = "duplicate-field", Error, Types;
    /// A method does not fit the method of the base class that it overrides.
    InvalidOverride = "invalid-override", Error, Types;
    /// The overloads of a function are not declared as they must be.
    InvalidOverload = "invalid-overload", Error, Types;
    /// A decorator stands on what it does not apply to.
    MisplacedDecorator = "misplaced-decorator", Error, Types;
    /// A parameter whose name says that it is given by position alone comes after one that has a name.
    PositionalOnlyOrder = "positional-only-order", Error, Types;
    /// A method is marked `@override` but overrides nothing.
    OverridesNothing = "overrides-nothing", Error, Types;
    /// A `Final` name or field is assigned again.
    FinalReassigned = "final-reassigned", Error, Types;
    /// A `Final` name never gets a value.
    FinalWithoutValue = "final-without-value", Error, Types;
    /// A method that is `@final`, or a name that is `Final`, is overridden.
    FinalOverride = "final-override", Error, Types;
    /// A class that is `@final` is subclassed.
    FinalSubclass = "final-subclass", Error, Types;
    /// Two base classes both bring storage for instances.
    LayoutConflict = "layout-conflict", Error, Types;
    /// A named tuple is declared in a way that cannot work.
    InvalidNamedTuple = "invalid-named-tuple", Error, Types;
    /// A typed dictionary is declared in a way that has no meaning.
    InvalidTypedDict = "invalid-typed-dict", Error, Types;
    /// A typed dictionary has no item of this key, or lacks one that it needs.
    InvalidKey = "invalid-key", Error, Types;
    /// An item of a typed dictionary is set or deleted that cannot be.
    ReadOnlyItem = "read-only-item", Error, Types;
    /// `__slots__` and the rest of the class do not agree.
    InvalidSlots = "invalid-slots", Error, Types;
    /// A base class cannot be used: it is not a class, or it is the class itself.
    InvalidBase = "invalid-base", Error, Types;
    /// A member of an enumeration is declared in a way that says something else than what it is.
    InvalidEnumMember = "invalid-enum-member", Error, Types;
    /// A dataclass is declared in a way that cannot work.
    InvalidDataclass = "invalid-dataclass", Error, Types;
    /// A protocol is declared in a way that cannot work.
    InvalidProtocol = "invalid-protocol", Error, Types;
    /// A protocol that `isinstance` or `issubclass` cannot ask for.
    InvalidIsinstance = "invalid-isinstance", Error, Types;
    /// A method without a body is called through `super()`.
    AbstractCall = "abstract-call", Error, Types;
    /// A class with abstract methods is instantiated.
    AbstractInstantiation = "abstract-instantiation", Error, Types;
    /// The type that `assert_type` states is not the type of the value.
    AssertTypeMismatch = "assert-type-mismatch", Error, Types;
    /// A statement can never run.
    UnreachableCode = "unreachable-code", Hint, Style;
    /// A condition is always true or always false.
    ConstantCondition = "constant-condition", Hint, Style;
    /// A conversion or cast changes nothing.
    RedundantCast = "redundant-cast", Hint, Style;
    /// What is marked `@deprecated` is used.
    Deprecated = "deprecated", Warning, Style;
    /// An imported name is never used.
    UnusedImport = "unused-import", Hint, Style;
    /// A local variable is assigned and never read.
    UnusedVariable = "unused-variable", Hint, Style;
    /// An ignore comment silences nothing.
    UnusedIgnore = "unused-ignore", Warning, Style;
    /// A rule is named that does not exist.
    UnknownRule = "unknown-rule", Warning, Style;
    /// A value is boxed or unboxed in a loop.
    BoxInLoop = "box-in-loop", Hint, Performance;
    /// A call in a loop is resolved at run time.
    DynamicCallInLoop = "dynamic-call-in-loop", Hint, Performance;
    /// An attribute in a loop is looked up at run time.
    DynamicAttributeInLoop = "dynamic-attribute-in-loop", Hint, Performance;
    /// A function is run by CPython, because it holds a construct that is not compiled.
    FunctionRunByCpython = "function-run-by-cpython", Hint, Performance;
    /// A class keeps CPython's layout, so its attributes are looked up at run time.
    ClassNotLaidOut = "class-not-laid-out", Hint, Performance;
    /// A method that nothing overrides is not marked `@final`.
    NotFinal = "not-final", Hint, Performance;
    /// A better annotation would remove a check at run time.
    MissingAnnotation = "missing-annotation", Hint, Performance;
    /// What `reveal_type` was asked to show.
    RevealType = "reveal-type", Hint, Information;
    /// The checker itself failed. This is never the program's fault.
    InternalError = "internal-error", Error, Information;
}

impl Rule {
    /// The rule called `name`.
    pub fn from_name(name: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.name() == name)
    }

    /// Where the rule's page is on the web.
    pub fn url(self) -> String {
        let repository = env!("CARGO_PKG_REPOSITORY");
        format!("{repository}/blob/main/docs/rules/{}.md", self.name())
    }

    /// Whether its repairs keep what the program means, so that all of them may be made at once without looking.
    pub fn is_fixed_safely(self) -> bool {
        matches!(
            self,
            Rule::UnusedImport | Rule::UnusedIgnore | Rule::RedundantCast
        )
    }

    /// The rule's name that is spelled most like `name`, if any is close.
    pub fn suggestion(name: &str) -> Option<&'static str> {
        crate::suggest::closest(name, Rule::ALL.iter().map(|rule| rule.name()))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Level::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, level)| *level).ok_or_else(|| {
            format!("`{text}` is not a level; use `ignore`, `hint`, `warning` or `error`")
        })
    }
}

/// The level of every rule: the defaults and what the configuration and the command line changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuleLevels {
    levels: Box<[Level]>,
    hides_hints: bool,
}

impl Default for RuleLevels {
    fn default() -> Self {
        RuleLevels {
            levels: Rule::ALL.iter().map(|rule| rule.default_level()).collect(),
            hides_hints: false,
        }
    }
}

impl RuleLevels {
    /// These without hints, which cost time and are not seen when a module is imported.
    #[must_use]
    pub fn without_hints(mut self) -> RuleLevels {
        for level in &mut self.levels {
            if *level == Level::Hint {
                *level = Level::Ignore;
            }
        }
        self
    }

    /// These with hints left out of what is reported, and not looked for where nothing else depends on them. What `reveal_type` was asked is an
    /// answer and stays.
    #[must_use]
    pub fn hiding_hints(mut self) -> RuleLevels {
        self.hides_hints = true;
        self
    }

    /// Whether what `rule` finds is left out of what is reported.
    pub fn hides(&self, rule: Rule) -> bool {
        match self.level(rule) {
            Level::Ignore => true,
            Level::Hint => self.hides_hints && rule != Rule::RevealType,
            Level::Warning | Level::Error => false,
        }
    }

    /// The level of `rule`.
    pub fn level(&self, rule: Rule) -> Level {
        self.levels[rule as usize]
    }

    /// Sets the level of `rule`.
    pub fn set(&mut self, rule: Rule, level: Level) {
        self.levels[rule as usize] = level;
    }

    /// Sets the level of the rule called `name`, or of all rules if the name is `all` (syntax errors, mistakes of the configuration,
    /// internal errors and `reveal_type` keep theirs).
    ///
    /// # Errors
    ///
    /// A sentence that says the rule does not exist, with a suggestion.
    pub fn set_by_name(&mut self, name: &str, level: Level) -> Result<(), String> {
        if name == "all" {
            for &rule in Rule::ALL {
                if !matches!(
                    rule,
                    Rule::SyntaxError
                        | Rule::InvalidConfiguration
                        | Rule::InternalError
                        | Rule::RevealType
                ) {
                    self.set(rule, level);
                }
            }
            return Ok(());
        }
        let Some(rule) = Rule::from_name(name) else {
            return Err(match Rule::suggestion(name) {
                Some(near) => format!("there is no rule `{name}`; did you mean `{near}`?"),
                None => format!("there is no rule `{name}`"),
            });
        };
        self.set(rule, level);
        Ok(())
    }
}

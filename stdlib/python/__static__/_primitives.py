"""The primitive types as classes: subclasses of `int` that wrap at their width, and a `float` that rounds to 32 bits.

Without the compiler an annotation converts nothing, so only values that come out of a conversion (`int8(x)`), out of an
`Array` or out of arithmetic on such values have a width here. A plain `int` that meets one is taken for a literal: it gets
the other's type if it fits.
"""

from __future__ import annotations

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sized
    from typing import Any, ClassVar

_new = int.__new__


class _FixedType(type):
    """The type of the fixed-width types: any int in range is an instance, as it is to compiled code, which boxes to `int`."""

    def __instancecheck__(cls, value: object) -> bool:
        if cls is Fixed:
            return type.__instancecheck__(cls, value)
        kind = type(value)
        if kind is cls:
            return True
        if issubclass(kind, int) and not isinstance(kind, _FixedType):
            return cls._low <= value <= cls._high  # type: ignore[attr-defined,operator]
        return False


class Fixed(int, metaclass=_FixedType):
    """An integer of a fixed width; its subclasses say which."""

    __slots__ = ()
    _bits: ClassVar[int]
    _signed: ClassVar[bool]
    _low: ClassVar[int]
    _high: ClassVar[int]
    _mask: ClassVar[int]
    _code: ClassVar[str]
    """The type code of `array` and `struct`."""

    def __init_subclass__(cls, bits: int, signed: bool, code: str) -> None:
        cls._bits = bits
        cls._signed = signed
        cls._mask = (1 << bits) - 1
        cls._low = -(1 << (bits - 1)) if signed else 0
        cls._high = (1 << (bits - 1)) - 1 if signed else cls._mask
        cls._code = code

    def __new__(cls, value: Any = 0, /) -> Fixed:
        kind = type(value)
        if isinstance(kind, _FixedType):
            return value if kind is cls else cls._wrap(value)
        if issubclass(kind, int):
            number = value
        elif issubclass(kind, (float, str)) or hasattr(kind, "__index__") or hasattr(kind, "__int__"):
            number = int(value)
        else:
            raise TypeError(f"{cls.__name__}() argument must be a number or a string, not '{kind.__name__}'")
        if cls._low <= number <= cls._high:
            return _new(cls, number)
        raise OverflowError(f"{cls.__name__}() got out-of-range int {number}")

    @classmethod
    def _wrap(cls, number: int) -> Fixed:
        """`number` modulo two to the width, as this type holds it."""
        if cls._low <= number <= cls._high:
            return _new(cls, number)
        number = int.__and__(number, cls._mask)
        if number > cls._high:
            number -= cls._mask + 1
        return _new(cls, number)

    def __repr__(self) -> str:
        return int.__repr__(self)

    def __str__(self) -> str:
        return int.__repr__(self)

    def __copy__(self) -> Fixed:
        return self

    def __deepcopy__(self, memo: object) -> Fixed:
        return self

    def __reduce__(self) -> Any:
        return _rebuild, (type(self).__name__, int(self))

    def __neg__(self) -> Fixed:
        return type(self)._wrap(int.__neg__(self))

    def __pos__(self) -> Fixed:
        return self

    def __invert__(self) -> Fixed:
        return type(self)._wrap(int.__invert__(self))


def _rebuild(name: str, value: int) -> Fixed:
    return globals()[name](value)


def _common(left: Any, right: Any) -> type[Fixed] | None:
    """The type of an operation on two integers, one of them fixed; `None` for `int`, when a plain one does not fit."""
    a = type(left)
    b = type(right)
    if a is b:
        return a
    if not isinstance(b, _FixedType):
        return a if a._low <= right <= a._high else None
    if not isinstance(a, _FixedType):
        return b if b._low <= left <= b._high else None
    if a._low <= b._low and b._high <= a._high:
        return a
    if b._low <= a._low and a._high <= b._high:
        return b
    # Neither holds the other: only a wider signed type could, and the checker asks for it to be named.
    raise TypeError(
        f"'{a.__name__}' and '{b.__name__}' have no common type; convert one, as in {a.__name__}({b.__name__}_value)"
    )


def _wrapping(name: str) -> None:
    operation = getattr(int, name)
    reflected = getattr(int, "__r" + name[2:])

    def forward(self: Fixed, other: Any) -> Any:
        if not issubclass(type(other), int):
            return NotImplemented
        kind = _common(self, other)
        result = operation(self, other)
        return result if kind is None else kind._wrap(result)

    def backward(self: Fixed, other: Any) -> Any:
        if not issubclass(type(other), int):
            return NotImplemented
        kind = _common(self, other)
        result = reflected(self, other)
        return result if kind is None else kind._wrap(result)

    forward.__name__ = name
    backward.__name__ = "__r" + name[2:]
    setattr(Fixed, forward.__name__, forward)
    setattr(Fixed, backward.__name__, backward)


for _name in ("add", "sub", "mul", "and", "or", "xor", "floordiv", "mod"):
    _wrapping(f"__{_name}__")


def _shift(left: Any, right: Any, *, to_left: bool) -> Any:
    if not (issubclass(type(left), int) and issubclass(type(right), int)):
        return NotImplemented
    if right < 0:
        raise ValueError("negative shift count")
    kind = _common(left, right)
    if kind is None:
        # A count that the type cannot hold is past its width.
        kind = type(left) if isinstance(type(left), _FixedType) else None
    if kind is None:
        return int(left) << int(right) if to_left else int(left) >> int(right)
    if not to_left:
        return _new(kind, int(left) >> int(right))
    return kind._wrap(0 if right >= kind._bits else int(left) << int(right))


def _power(left: Any, right: Any) -> Any:
    if not (issubclass(type(left), int) and issubclass(type(right), int)):
        return NotImplemented
    if right < 0:
        raise ValueError("negative exponent")
    kind = _common(left, right)
    if kind is None:
        kind = type(left) if isinstance(type(left), _FixedType) else None
    if kind is None:
        return int(left) ** int(right)
    return kind._wrap(pow(int(left), int(right), kind._mask + 1))


def _install_shifts_and_powers() -> None:
    def lshift(self: Fixed, count: Any) -> Any:
        return _shift(self, count, to_left=True)

    def rlshift(self: Fixed, value: Any) -> Any:
        return _shift(value, self, to_left=True)

    def rshift(self: Fixed, count: Any) -> Any:
        return _shift(self, count, to_left=False)

    def rrshift(self: Fixed, value: Any) -> Any:
        return _shift(value, self, to_left=False)

    def power(self: Fixed, exponent: Any, modulus: Any = None) -> Any:
        return _power(self, exponent) if modulus is None else pow(int(self), exponent, modulus)

    def rpower(self: Fixed, base: Any, modulus: Any = None) -> Any:
        return _power(base, self)

    def both(self: Fixed, other: Any) -> Any:
        return self // other, self % other

    def rboth(self: Fixed, other: Any) -> Any:
        return other // self, other % self

    for name, function in (
        ("__lshift__", lshift),
        ("__rlshift__", rlshift),
        ("__rshift__", rshift),
        ("__rrshift__", rrshift),
        ("__pow__", power),
        ("__rpow__", rpower),
        ("__divmod__", both),
        ("__rdivmod__", rboth),
    ):
        function.__name__ = name
        setattr(Fixed, name, function)


_install_shifts_and_powers()


class int8(Fixed, bits=8, signed=True, code="b"):
    __slots__ = ()
    __module__ = "__static__"


class int16(Fixed, bits=16, signed=True, code="h"):
    __slots__ = ()
    __module__ = "__static__"


class int32(Fixed, bits=32, signed=True, code="i"):
    __slots__ = ()
    __module__ = "__static__"


class int64(Fixed, bits=64, signed=True, code="q"):
    __slots__ = ()
    __module__ = "__static__"


class uint8(Fixed, bits=8, signed=False, code="B"):
    __slots__ = ()
    __module__ = "__static__"


class uint16(Fixed, bits=16, signed=False, code="H"):
    __slots__ = ()
    __module__ = "__static__"


class uint32(Fixed, bits=32, signed=False, code="I"):
    __slots__ = ()
    __module__ = "__static__"


class uint64(Fixed, bits=64, signed=False, code="Q"):
    __slots__ = ()
    __module__ = "__static__"


size_t = uint64
ssize_t = int64
char = int8

double = float
cbool = bool


def _round(value: float) -> float:
    # An array of C floats rounds to nearest and overflows to infinity, where `struct` would raise.
    return array("f", (value,))[0]


class single(float):
    """A float rounded to 32 bits. With a plain `float` (a `double`) it widens; with an int or another single it rounds."""

    __slots__ = ()
    __module__ = "__static__"

    def __new__(cls, value: Any = 0.0, /) -> single:
        return float.__new__(cls, _round(float(value)))

    def __neg__(self) -> single:
        return single(float.__neg__(self))

    def __pos__(self) -> single:
        return self

    def __abs__(self) -> single:
        return single(float.__abs__(self))

    def __reduce__(self) -> Any:
        return single, (float(self),)


def _rounding(name: str) -> None:
    operation = getattr(float, name)

    def rounded(self: single, other: Any) -> Any:
        result = operation(self, other)
        if result is NotImplemented or type(result) is complex:
            return result
        return result if type(other) is float else single(result)

    rounded.__name__ = name
    setattr(single, name, rounded)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _rounding(f"__{_name}__")
    _rounding(f"__r{_name}__")

FIXED: dict[str, type[Fixed]] = {
    kind.__name__: kind for kind in (int8, int16, int32, int64, uint8, uint16, uint32, uint64)
}
"""The fixed-width integer types by name."""


def box(value: Any, /) -> Any:
    """The ordinary object for a primitive value."""
    if isinstance(type(value), _FixedType):
        return int(value)
    if type(value) is single:
        return float(value)
    return value


def unbox(value: Any, /) -> Any:
    """The primitive for an object; without the compiler, the object."""
    return value


def clen(value: Sized, /) -> int64:
    """`len` as an `int64`."""
    return _new(int64, len(value))


def crange(*bounds: int) -> Iterator[Any]:
    """`range` over primitives: of the widest type among its one to three arguments, or of `int64`."""
    if not 1 <= len(bounds) <= 3:
        raise TypeError(f"crange() takes from 1 to 3 arguments but {len(bounds)} were given")
    fixed = [type(bound) for bound in bounds if isinstance(type(bound), _FixedType)]
    kind = max(fixed, key=lambda candidate: candidate._bits) if fixed else int64
    return map(kind._wrap, range(*map(int, bounds)))

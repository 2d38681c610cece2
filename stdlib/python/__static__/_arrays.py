"""Contiguous containers of primitives, over `memoryview`: `Array`, `Array2`, `Array3` and the growable `Vector`.

`Array[int64]` is a class, made on first use and kept: its instances know their element type, so that a stored value is
converted and range-checked and a loaded one has the primitive's type.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from types import GenericAlias

from ._primitives import FIXED, _FixedType, single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, ClassVar

_SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8, "d": 8, "f": 4, "?": 1}
# What other exporters call the same formats on the platforms that we support.
_SAME = {"l": "q", "L": "Q", "n": "q", "N": "Q", "c": "b"}
_ELEMENTS: dict[str, type] = {**FIXED, "float": float, "single": single, "bool": bool, "int": FIXED["int64"]}


def _code(element: type) -> str:
    if isinstance(element, _FixedType):
        return element._code  # type: ignore[attr-defined]
    return {float: "d", single: "f", bool: "?"}[element]


def _format(view: memoryview) -> str:
    name = view.format.lstrip("@=<") or "B"
    return _SAME.get(name, name)


class _Typed:
    """What the four have in common: the element type, conversion both ways, and being made by `Kind[element]`."""

    __slots__ = ()
    _made: ClassVar[dict[type, type]]
    element: ClassVar[type | None] = None
    """The element type of a made class."""

    def __class_getitem__(cls, element: Any) -> Any:
        if cls.element is not None:
            raise TypeError(f"{cls.__name__} is not generic")
        if not (isinstance(element, _FixedType) or element in (float, single, bool)):
            # A type variable, or a forward reference: good for annotations only.
            return GenericAlias(cls, (element,))
        made = cls._made.get(element)
        if made is None:
            name = {float: "double", bool: "cbool"}.get(element, element.__name__)
            made = type(f"{cls.__name__}[{name}]", (cls,), {"__slots__": (), "element": element})
            made.__module__ = "__static__"
            cls._made[element] = made
        return made

    @classmethod
    def _to_store(cls, value: Any) -> Any:
        """`value` as the storage takes it."""
        element = cls.element
        kind = type(value)
        if isinstance(element, _FixedType):
            if not issubclass(kind, int):
                raise TypeError(f"expected '{element.__name__}', got '{kind.__name__}'")
            if not element._low <= value <= element._high:
                raise OverflowError(f"{cls.__name__} got out-of-range int {int(value)}")
            return value
        if element is bool:
            if kind is not bool:
                raise TypeError(f"expected 'cbool', got '{kind.__name__}'")
            return value
        if not issubclass(kind, (float, int)):
            raise TypeError(f"expected '{element.__name__}', got '{kind.__name__}'")
        return float(value)

    @classmethod
    def _loaded(cls, value: Any) -> Any:
        element: Any = cls.element
        if element is float or element is bool:
            return value
        return element._wrap(value) if isinstance(element, _FixedType) else element(value)

    @classmethod
    def _zeros(cls, count: int) -> memoryview:
        if cls.element is None:
            raise TypeError(f"{cls.__name__} needs an element type, as in {cls.__name__}[int64]")
        if count < 0:
            raise ValueError("negative length")
        code = _code(cls.element)
        return memoryview(bytearray(count * _SIZES[code])).cast(code)

    @classmethod
    def _over(cls, exporter: Any, dimensions: int) -> memoryview:
        """The memory of another exporter of the same format, shared."""
        view = memoryview(exporter)
        if view.ndim != dimensions:
            raise ValueError(f"{cls.__name__} needs a buffer of {dimensions} dimensions, got {view.ndim}")
        if not view.c_contiguous:
            raise ValueError(f"{cls.__name__} needs a contiguous buffer")
        code = _code(cls.element)
        if _format(view) != code:
            if isinstance(exporter, (bytes, bytearray)):
                return view.cast("B").cast(code)
            raise TypeError(f"{cls.__name__} needs a buffer of format '{code}', got '{view.format}'")
        return view if view.format == code else view.cast("B").cast(code, view.shape)


def _index(index: Any) -> int:
    return int(index) if isinstance(type(index), _FixedType) else index


class _Line(_Typed):
    """One-dimensional: the part of the API that `Array` and `Vector` share."""

    __slots__ = ("_view", "__weakref__")
    _view: memoryview

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, index: Any) -> Any:
        if type(index) is slice:
            part = slice(_index(index.start), _index(index.stop), _index(index.step))
            return self._slice(part)
        try:
            return self._loaded(self._view[_index(index)])
        except IndexError:
            raise IndexError("array index out of range") from None

    def __setitem__(self, index: Any, value: Any) -> None:
        if type(index) is slice:
            values = [self._to_store(item) for item in value]
            places = range(*slice(_index(index.start), _index(index.stop), _index(index.step)).indices(len(self)))
            if len(values) != len(places):
                raise ValueError(f"cannot assign {len(values)} values to a slice of length {len(places)}")
            for place, item in zip(places, values):
                self._view[place] = item
            return
        try:
            self._view[_index(index)] = self._to_store(value)
        except IndexError:
            raise IndexError("array assignment index out of range") from None

    def _slice(self, part: slice) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        place = 0
        while place < len(self._view):
            yield self._loaded(self._view[place])
            place += 1

    def __reversed__(self) -> Iterator[Any]:
        for place in range(len(self._view) - 1, -1, -1):
            yield self._loaded(self._view[place])

    def __contains__(self, value: object) -> bool:
        return any(item == value for item in self._view)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (_Line, Array)):
            return self.tolist() == other.tolist()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self._view)

    def index(self, value: object) -> int:
        for place, item in enumerate(self._view):
            if item == value:
                return place
        raise ValueError(f"{value!r} is not in the array")

    def count(self, value: object) -> int:
        return sum(item == value for item in self._view)

    def fill(self, value: Any) -> None:
        """Set every element."""
        stored = self._to_store(value)
        for place in range(len(self._view)):
            self._view[place] = stored

    def tolist(self) -> list[Any]:
        """The elements as ordinary objects."""
        return self._view.tolist()

    def tobytes(self) -> bytes:
        return self._view.tobytes()

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Any:
        return self.copy()

    def copy(self) -> Any:
        """A new one with the same elements."""
        return _restore(type(self).__mro__[1], type(self).element, self.tobytes())

    def __reduce__(self) -> Any:
        return _restore, (type(self).__mro__[1], type(self).element.__name__, self.tobytes())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._view.tolist()!r})"


def _restore(base: Any, element: Any, data: bytes, shape: tuple[int, ...] | None = None) -> Any:
    made = base[_ELEMENTS[element] if isinstance(element, str) else element]
    self = made.__new__(made)
    view = memoryview(bytearray(data))
    self._adopt(view.cast(_code(made.element)) if shape is None else view.cast(_code(made.element), shape))
    return self


class Array(_Line):
    """A fixed number of primitives side by side: `Array[int64](length)` of zeros, or of an iterable's elements.

    `Array[T].wrap(exporter)` shares the memory of any exporter of the right format. A slice is a view, but a slice with a
    step is a copy: compiled code relies on elements side by side.
    """

    __slots__ = ()
    __module__ = "__static__"
    _made = {}

    def __init__(self, source: int | Iterable[Any] = 0, /) -> None:
        kind = type(source)
        if issubclass(kind, int):
            self._view = self._zeros(int(source))
        elif issubclass(kind, (memoryview, array)):
            self._view = self._over(source, 1)
        else:
            values = [self._to_store(value) for value in source]
            self._view = self._zeros(len(values))
            for place, value in enumerate(values):
                self._view[place] = value

    @classmethod
    def wrap(cls, exporter: Any) -> Any:
        """An array over the memory of `exporter`, without a copy; it cannot be written if the exporter cannot."""
        self = cls.__new__(cls)
        self._view = cls._over(exporter, 1)
        return self

    def _adopt(self, view: memoryview) -> None:
        self._view = view

    def _slice(self, part: slice) -> Any:
        self_class = type(self)
        if part.step not in (None, 1):
            return self_class(self._view[part].tolist())
        result = self_class.__new__(self_class)
        result._view = self._view[part]
        return result


class Vector(_Line):
    """A growable array: `append`, `pop`, `extend`, `insert`, `clear`, `reserve`. A slice is a copy."""

    __slots__ = ("_store", "_length")
    __module__ = "__static__"
    _made = {}

    def __init__(self, source: int | Iterable[Any] = (), /) -> None:
        if issubclass(type(source), int):
            self._adopt(self._zeros(int(source)))
            return
        values = [self._to_store(value) for value in source]
        view = self._zeros(len(values))
        for place, value in enumerate(values):
            view[place] = value
        self._adopt(view)

    def _adopt(self, view: memoryview) -> None:
        self._store = view
        self._length = len(view)
        self._view = view

    def _resize(self, length: int) -> None:
        if length > len(self._store):
            larger = self._zeros(max(length, 2 * len(self._store), 4))
            larger[: self._length] = self._store[: self._length]
            self._store = larger
        self._length = length
        self._view = self._store[:length]

    def reserve(self, capacity: int) -> None:
        """Make room for `capacity` elements without changing the length."""
        if capacity > len(self._store):
            length = self._length
            self._resize(capacity)
            self._resize(length)

    def append(self, value: Any) -> None:
        stored = self._to_store(value)
        self._resize(self._length + 1)
        self._view[self._length - 1] = stored

    def extend(self, values: Iterable[Any]) -> None:
        for value in list(values):
            self.append(value)

    def insert(self, index: int, value: Any) -> None:
        stored = self._to_store(value)
        place = slice(_index(index), None).indices(self._length)[0]
        tail = self._view[place:].tolist()
        self._resize(self._length + 1)
        self._view[place] = stored
        for offset, item in enumerate(tail, place + 1):
            self._view[offset] = item

    def pop(self, index: int = -1) -> Any:
        if self._length == 0:
            raise IndexError("pop from empty vector")
        try:
            value = self[index]
        except IndexError:
            raise IndexError("pop index out of range") from None
        place = range(self._length)[_index(index)]
        for offset in range(place, self._length - 1):
            self._view[offset] = self._view[offset + 1]
        self._resize(self._length - 1)
        return value

    def clear(self) -> None:
        self._resize(0)

    def _slice(self, part: slice) -> Any:
        return type(self)(self._view[part].tolist())


class _Grid(_Typed):
    """Several dimensions, row-major, in one block of memory."""

    __slots__ = ("_view", "_shape", "__weakref__")
    _dimensions: ClassVar[int]

    def __init__(self, *shape: Any) -> None:
        if len(shape) == 1 and not issubclass(type(shape[0]), int):
            view = self._over(shape[0], self._dimensions)
            self._adopt(view)
            return
        if len(shape) != self._dimensions:
            raise TypeError(f"{type(self).__name__} needs {self._dimensions} lengths, got {len(shape)}")
        lengths = tuple(int(length) for length in shape)
        if min(lengths) < 0:
            raise ValueError("negative length")
        count = 1
        for length in lengths:
            count *= length
        flat = self._zeros(count)
        self._shape = lengths
        self._view = flat

    def _adopt(self, view: memoryview) -> None:
        self._shape = tuple(view.shape)
        self._view = view.cast("B").cast(view.format)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    def _offset(self, index: Any) -> int:
        if type(index) is not tuple or len(index) != self._dimensions:
            raise TypeError(f"{type(self).__name__} indices must be {self._dimensions} integers")
        offset = 0
        for place, length in zip(index, self._shape):
            place = _index(place)
            if place < 0:
                place += length
            if not 0 <= place < length:
                raise IndexError("array index out of range")
            offset = offset * length + place
        return offset

    def __getitem__(self, index: Any) -> Any:
        return self._loaded(self._view[self._offset(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._view[self._offset(index)] = self._to_store(value)

    def __len__(self) -> int:
        return self._shape[0]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Grid):
            return self._shape == other._shape and all(a == b for a, b in zip(self._view, other._view))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, value: object) -> bool:
        return any(item == value for item in self._view)

    def __buffer__(self, flags: int) -> memoryview:
        return self._view.cast("B").cast(self._view.format, self._shape)

    def fill(self, value: Any) -> None:
        """Set every element."""
        stored = self._to_store(value)
        for place in range(len(self._view)):
            self._view[place] = stored

    def tolist(self) -> list[Any]:
        """The elements as ordinary objects, in nested lists."""
        nested: Any = self._view.tolist()
        for length in reversed(self._shape[1:]):
            nested = [nested[start : start + length] for start in range(0, len(nested), length or 1)]
        return nested

    def copy(self) -> Any:
        """A new one with the same elements."""
        result = type(self)(*self._shape)
        result._view[:] = self._view
        return result

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> Any:
        return self.copy()

    def __reduce__(self) -> Any:
        return _restore, (type(self).__mro__[1], type(self).element.__name__, self._view.tobytes(), self._shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tolist()!r})"


class Array2(_Grid):
    """`Array` in two dimensions: `Array2[double](rows, columns)`, `a[i, j]`."""

    __slots__ = ()
    __module__ = "__static__"
    _made = {}
    _dimensions = 2


class Array3(_Grid):
    """`Array` in three dimensions: `Array3[double](planes, rows, columns)`, `a[i, j, k]`."""

    __slots__ = ()
    __module__ = "__static__"
    _made = {}
    _dimensions = 3


try:
    # Inside Keelback: the same in machine memory, which compiled code reads directly.
    from keelback._keelback import Array  # type: ignore[no-redef]
except ImportError:
    pass

Sequence.register(Array)
Sequence.register(Vector)

"""A list and a dict whose contents are checked on the way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, MutableSequence
from types import GenericAlias
from typing import Any, ClassVar, TypeVar

from ._checks import matches, name_of
from ._errors import StaticTypeError
from ._primitives import Fixed


def _make(cls: Any, arguments: tuple[Any, ...]) -> Any:
    """The class for these type arguments, made once."""
    if any(isinstance(argument, TypeVar) for argument in arguments):
        return GenericAlias(cls, arguments)
    made = cls._made.get(arguments)
    if made is None:
        name = f"{cls.__name__}[{', '.join(map(name_of, arguments))}]"
        made = type(name, (cls,), {"__slots__": (), "arguments": arguments})
        made.__module__ = "__static__"
        cls._made[arguments] = made
    return made


def _restore(base: Any, arguments: tuple[Any, ...], contents: Any) -> Any:
    return _make(base, arguments)(contents)


class CheckedList(MutableSequence[Any]):
    """A list of `T`: `CheckedList[int]([1, 2])`. For JSON, `json.dumps(x, default=list)`."""

    __slots__ = ("_items", "__weakref__")
    __module__ = "__static__"
    _made: ClassVar[dict[tuple[Any, ...], type]] = {}
    arguments: ClassVar[tuple[Any, ...]] = ()
    """The type arguments of a made class."""

    def __class_getitem__(cls, argument: Any) -> Any:
        return _make(cls, (argument,))

    def __init__(self, items: Iterable[Any] = (), /) -> None:
        if not self.arguments:
            raise TypeError("CheckedList needs an element type, as in CheckedList[int]")
        self._items: list[Any] = []
        self.extend(items)

    def _check(self, value: Any) -> Any:
        if not matches(self.arguments[0], value):
            raise StaticTypeError(f"bad value '{type(value).__name__}' for {type(self).__name__}")
        return int(value) if isinstance(type(value), type(Fixed)) else value

    def _like(self, items: list[Any]) -> Any:
        """One of the same class over `items`, which are known to be good."""
        result = type(self)()
        result._items = items
        return result

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        found = self._items[index]
        return self._like(found) if isinstance(index, slice) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            self._items[index] = [self._check(item) for item in value]
        else:
            self._items[index] = self._check(value)

    def __delitem__(self, index: Any) -> None:
        del self._items[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._items)

    def __contains__(self, value: object) -> bool:
        return value in self._items

    def append(self, value: Any) -> None:
        self._items.append(self._check(value))

    def insert(self, index: int, value: Any) -> None:
        self._items.insert(index, self._check(value))

    def extend(self, values: Iterable[Any]) -> None:
        # All or nothing: a bad one in the middle leaves the list as it was.
        self._items.extend([self._check(value) for value in values])

    def pop(self, index: int = -1) -> Any:
        return self._items.pop(index)

    def remove(self, value: Any) -> None:
        self._items.remove(value)

    def clear(self) -> None:
        self._items.clear()

    def reverse(self) -> None:
        self._items.reverse()

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        self._items.sort(key=key, reverse=reverse)

    def copy(self) -> Any:
        return self._like(self._items.copy())

    __copy__ = copy

    def index(self, value: Any, *bounds: int) -> int:
        return self._items.index(value, *bounds)

    def count(self, value: Any) -> int:
        return self._items.count(value)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, (list, CheckedList)):
            return NotImplemented
        result = self.copy()
        result.extend(other)
        return result

    def __iadd__(self, other: Iterable[Any]) -> Any:
        self.extend(other)
        return self

    def __mul__(self, times: int) -> Any:
        return self._like(self._items * times)

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Any:
        self._items *= times
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CheckedList):
            return self._items == other._items
        return self._items == other if isinstance(other, list) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return self._items < (other._items if isinstance(other, CheckedList) else other)

    def __le__(self, other: Any) -> bool:
        return self._items <= (other._items if isinstance(other, CheckedList) else other)

    def __gt__(self, other: Any) -> bool:
        return self._items > (other._items if isinstance(other, CheckedList) else other)

    def __ge__(self, other: Any) -> bool:
        return self._items >= (other._items if isinstance(other, CheckedList) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> Any:
        return _restore, (CheckedList, self.arguments, list(self._items))


class CheckedDict(MutableMapping[Any, Any]):
    """A dict of `K` to `V`: `CheckedDict[str, int]({"a": 1})`. For JSON, `json.dumps(x, default=dict)`."""

    __slots__ = ("_items", "__weakref__")
    __module__ = "__static__"
    _made: ClassVar[dict[tuple[Any, ...], type]] = {}
    arguments: ClassVar[tuple[Any, ...]] = ()
    """The type arguments of a made class."""

    def __class_getitem__(cls, arguments: Any) -> Any:
        if not isinstance(arguments, tuple) or len(arguments) != 2:
            raise TypeError("CheckedDict needs a key type and a value type, as in CheckedDict[str, int]")
        return _make(cls, arguments)

    def __init__(self, items: Any = (), /, **more: Any) -> None:
        if not self.arguments:
            raise TypeError("CheckedDict needs a key type and a value type, as in CheckedDict[str, int]")
        self._items: dict[Any, Any] = {}
        self.update(items, **more)

    def _key(self, key: Any) -> Any:
        if not matches(self.arguments[0], key):
            raise StaticTypeError(f"bad key '{type(key).__name__}' for {type(self).__name__}")
        return int(key) if isinstance(type(key), type(Fixed)) else key

    def _value(self, value: Any) -> Any:
        if not matches(self.arguments[1], value):
            raise StaticTypeError(f"bad value '{type(value).__name__}' for {type(self).__name__}")
        return int(value) if isinstance(type(value), type(Fixed)) else value

    def _like(self, items: dict[Any, Any]) -> Any:
        """One of the same class over `items`, which are known to be good."""
        result = type(self)()
        result._items = items
        return result

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, key: Any) -> Any:
        return self._items[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._items[self._key(key)] = self._value(value)

    def __delitem__(self, key: Any) -> None:
        del self._items[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def keys(self) -> Any:
        return self._items.keys()

    def values(self) -> Any:
        return self._items.values()

    def items(self) -> Any:
        return self._items.items()

    def get(self, key: Any, default: Any = None) -> Any:
        return self._items.get(key, default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key in self._items:
            return self._items[key]
        self[key] = default
        return self._items[key]

    def pop(self, key: Any, *default: Any) -> Any:
        return self._items.pop(key, *default)

    def popitem(self) -> tuple[Any, Any]:
        return self._items.popitem()

    def clear(self) -> None:
        self._items.clear()

    def update(self, items: Any = (), /, **more: Any) -> None:
        # All or nothing, as for the list.
        new = dict(items, **more)
        self._items.update({self._key(key): self._value(value) for key, value in new.items()})

    def copy(self) -> Any:
        return self._like(self._items.copy())

    __copy__ = copy

    @classmethod
    def fromkeys(cls, keys: Iterable[Any], value: Any = None) -> Any:
        return cls(dict.fromkeys(keys, value))

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, Mapping):
            return NotImplemented
        result = self.copy()
        result.update(other)
        return result

    def __ror__(self, other: Any) -> Any:
        if not isinstance(other, Mapping):
            return NotImplemented
        result = type(self)(other)
        result.update(self)
        return result

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CheckedDict):
            return self._items == other._items
        return self._items == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> Any:
        return _restore, (CheckedDict, self.arguments, dict(self._items))


PyDict = dict

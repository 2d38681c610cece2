import __static__
import enum
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property, total_ordering
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, Final

T = TypeVar("T")

class Shape(ABC):
    name: str
    def __init__(self, name: str) -> None:
        self.name = name
    @abstractmethod
    def area(self) -> float: ...

class Square(Shape):
    side: float
    def __init__(self, side: float) -> None:
        super().__init__("square")
        self.side = side
    def area(self) -> float:
        return self.side * self.side
    @property
    def double(self) -> float:
        return self.side * 2
    @double.setter
    def double(self, v: float) -> None:
        self.side = v / 2
    @classmethod
    def unit(cls) -> "Square":
        return cls(1.0)
    @staticmethod
    def what() -> str:
        return "sq"

class Box(Generic[T]):
    item: T
    def __init__(self, item: T) -> None:
        self.item = item

class P(Protocol):
    def area(self) -> float: ...

class Private:
    __x: int
    def __init__(self) -> None:
        self.__x = 5
        self._y = [1]
    def get(self) -> int:
        return self.__x

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self) -> None:
        self.a = 1
        self.b = "x"

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

@dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)

@dataclass(frozen=True, slots=True)
class Frozen:
    x: int

class NT(NamedTuple):
    a: int
    b: str = "q"

class Err(Exception):
    code: int
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

class DD(dict):
    extra: int
    def __init__(self) -> None:
        self.extra = 1

class Meta(type):
    pass
class WithMeta(metaclass=Meta):
    v: int = 3

class Registry:
    known: ClassVar[list[str]] = []
    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__()
        Registry.known.append(cls.__name__)
class R1(Registry): 
    z: int
class R2(Registry, tag=3):
    def __init__(self) -> None:
        self.q = 4

class Outer:
    class Inner:
        v: int
        def __init__(self) -> None:
            self.v = 9
    inner: "Outer.Inner"
    def __init__(self) -> None:
        self.inner = Outer.Inner()

class Cached:
    n: int
    def __init__(self, n: int) -> None:
        self.n = n
    @cached_property
    def big(self) -> int:
        return self.n * 1000

@total_ordering
class Ordered:
    def __init__(self, k: int) -> None:
        self.k = k
    def __eq__(self, o: object) -> bool:
        return isinstance(o, Ordered) and o.k == self.k
    def __lt__(self, o: "Ordered") -> bool:
        return self.k < o.k
    def __hash__(self) -> int:
        return hash(self.k)

class New:
    def __new__(cls, *a: int) -> "New":
        self = super().__new__(cls)
        self.v = len(a)
        return self

def make() -> type:
    class Local:
        w: int
        def __init__(self) -> None:
            self.w = 1
    return Local

class Empty: pass
class WithDict:
    __dict__: Any
    a: int
    def __init__(self) -> None:
        self.a = 1
class Call:
    def __init__(self) -> None: self.n = 0
    def __call__(self, k: int) -> int:
        self.n += k
        return self.n
    def __len__(self) -> int: return 3
    def __getitem__(self, i: int) -> int: return i * 2
    def __iter__(self): return iter([1,2])
    def __contains__(self, x: object) -> bool: return x == 1
    def __enter__(self): return self
    def __exit__(self, *a: object) -> None: pass
    def __repr__(self) -> str: return "Call!"

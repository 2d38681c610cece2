"""The generated project that `bench/check` and `bench/latency` are about.

Annotated modules that import each other: classes with fields, methods and overrides, dataclasses, generic classes, functions over lists,
dicts, sets and tuples, optional values that are narrowed, constants. It is the same for the same seed, and has no errors.
"""

import random

PACKAGES = 25  # folders that the modules are spread over

WORDS = (
    "account amount archive balance batch bucket budget buffer cache carrier channel cluster code column count customer delta depth digest "
    "driver entry epoch factor field filter flag frame gauge grade group header index item kind label layer ledger level limit line list "
    "margin marker measure member metric mode node note offset option order owner packet page part path pattern period phase place plan "
    "point policy portion price process profile quota range rank rate ratio record region report request result role route row rule sample "
    "scale scope score section segment series session shape share sheet signal size slice slot source span stage state step store stream "
    "stripe subject sum table target task term ticket tier token total trace track trade unit user value vector version view volume weight"
).split()


class Module:
    """What other modules may use of a generated one."""

    def __init__(self, name):
        self.name = name
        self.classes = []  # (name, int fields)
        self.functions = []


class Writer:
    """Writes one module."""

    def __init__(self, choose, name, before):
        self.choose = choose
        self.module = Module(name)
        self.before = before
        self.lines = []
        self.taken = set()
        self.imported = []

    def name(self, form="{}_{}"):
        while True:
            name = form.format(self.choose.choice(WORDS), self.choose.choice(WORDS))
            if name not in self.taken:
                self.taken.add(name)
                return name

    def type_name(self):
        while True:
            name = self.choose.choice(WORDS).title() + self.choose.choice(WORDS).title()
            if name not in self.taken:
                self.taken.add(name)
                return name

    def put(self, text):
        self.lines.extend(text.strip("\n").split("\n"))

    def head(self):
        imports = []
        for module in self.choose.sample(self.before, min(len(self.before), 3)):
            wanted = []
            for name, fields in module.classes[:2]:
                if name not in self.taken:
                    self.taken.add(name)
                    self.imported.append((name, fields))
                    wanted.append(name)
            if wanted:
                imports.append("from {} import {}".format(module.name, ", ".join(wanted)))
        self.put('"""Generated."""\nimport __static__\n')
        self.put("from dataclasses import dataclass\nfrom typing import Final, Generic, Optional, TypeVar")
        for line in imports:
            self.put(line)
        self.put('\nT = TypeVar("T")\nLIMIT: Final = {}\nRATIO: Final[float] = {}\n'.format(self.choose.randint(10, 999), self.choose.randint(1, 99) / 8))

    def plain_class(self):
        name, fields = self.type_name(), [self.name() for _ in range(3)]
        a, b, c = fields
        base = None
        if self.module.classes and self.choose.random() < 0.4:
            base = self.choose.choice(self.module.classes)
        head = "class {}{}:".format(name, "({})".format(base[0]) if base else "")
        start = "        super().__init__({a}, float({a}))\n".format(a=a) if base else ""
        self.put(
            '''

{head}
    """Holds `{a}` and `{b}`."""

    def __init__(self, {a}: int, {b}: float) -> None:
{start}        self.{a} = {a}
        self.{b}: float = {b}
        self.{c}: list[int] = []
        self.next_{a}: Optional["{name}"] = None

    def add_{a}(self, value: int) -> int:
        if value > LIMIT:
            value = LIMIT
        self.{c}.append(value)
        self.{a} += value
        return self.{a}

    def mean_{b}(self) -> float:
        if not self.{c}:
            return self.{b} * RATIO
        total = 0
        for value in self.{c}:
            total += value
        return total / len(self.{c}) + self.{b}

    def last_{c}(self) -> Optional[int]:
        if self.{c}:
            return self.{c}[-1]
        return None

    def chain_{a}(self) -> int:
        found = self.{a}
        other = self.next_{a}
        while other is not None:
            found += other.{a}
            other = other.next_{a}
        return found
'''.format(head=head, start=start, name=name, a=a, b=b, c=c)
        )
        self.module.classes.append((name, [a]))
        return name, a, b, c

    def data_class(self):
        name, a, b = self.type_name(), self.name(), self.name()
        self.put(
            '''

@dataclass
class {name}:
    {a}: int
    {b}: str
    flag: bool = False

    def text_{b}(self, width: int) -> str:
        if self.flag:
            return self.{b}.upper()
        return f"{{self.{b}:>{{width}}}} {{self.{a}}}"
'''.format(name=name, a=a, b=b)
        )

    def generic_class(self):
        name, a = self.type_name(), self.name()
        self.put(
            '''

class {name}(Generic[T]):
    def __init__(self, first: T) -> None:
        self.{a}: list[T] = [first]

    def push_{a}(self, item: T) -> None:
        self.{a}.append(item)

    def top_{a}(self) -> T:
        return self.{a}[-1]


def use_{a}(count: int) -> int:
    held = {name}[int](count)
    held.push_{a}(count + 1)
    return held.top_{a}()
'''.format(name=name, a=a)
        )

    def functions(self):
        a, b, c, d = (self.name() for _ in range(4))
        self.put(
            '''

def {a}(values: list[int], scale: float, limit: Optional[int] = None) -> float:
    """The weighted sum."""
    result = 0.0
    for index, value in enumerate(values):
        if limit is not None and value > limit:
            continue
        result += value * scale + index
    return result


def {b}(names: list[str], sizes: dict[str, int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {{}}
    for name in names:
        size = sizes.get(name)
        if size is None:
            size = len(name)
        key = name[:1].lower() if name else ""
        groups.setdefault(key, []).append(size)
    return groups


def {c}(rows: list[tuple[int, str]], wanted: set[str]) -> list[str]:
    kept = [text for number, text in rows if number > 0 and text in wanted]
    kept.sort()
    try:
        kept.remove("")
    except ValueError:
        pass
    return kept


def {d}(value: "int | str | None") -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        return len(value.strip())
    low, high = 0, value
    while low < high:
        middle = (low + high) // 2
        if middle * middle < value:
            low = middle + 1
        else:
            high = middle
    return low + int({a}([low, high], 1.5))
'''.format(a=a, b=b, c=c, d=d)
        )

    def user(self):
        if not self.imported:
            return
        name, (field,) = self.choose.choice(self.imported)
        function = self.name()
        self.put(
            '''

def {function}(count: int) -> int:
    made = [{name}(number, 0.5) for number in range(count)]
    best: Optional[{name}] = None
    for item in made:
        if best is None or item.{field} > best.{field}:
            best = item
    if best is None:
        return LIMIT
    return best.add_{field}(count) + best.chain_{field}()
'''.format(function=function, name=name, field=field)
        )

    def write(self, length):
        self.head()
        parts = [self.plain_class, self.data_class, self.generic_class, self.functions, self.user]
        self.plain_class()
        while len(self.lines) < length:
            self.choose.choice(parts)()
        return "\n".join(self.lines) + "\n"


def path_of(number):
    """Where module `number` stands."""
    return "app{0}/module{1}.py".format(number % PACKAGES, number)


def generate(folder, modules, length, seed):
    """Writes the project; the number of its lines."""
    choose = random.Random(seed)
    done, total = [], 0
    for number in range(modules):
        path = folder / path_of(number)
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        writer = Writer(choose, "{}.{}".format(path.parent.name, path.stem), done[-50:])
        text = writer.write(length)
        path.write_text(text, encoding="utf-8")
        total += text.count("\n")
        done.append(writer.module)
    return total

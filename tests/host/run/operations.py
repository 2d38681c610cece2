"""What typed code computes, and the texts of the errors that it raises."""

import operations_static as s


def shown(function, *args):
    try:
        return repr(function(*args))
    except Exception as error:
        return f"{type(error).__name__}{error.args!r} {error.__cause__!r}"


WORDS = "The quick brown fox, jumps over the lazy dog. the end".split() * 3
CASES = [
    (s.ints, 120), (s.bigs, 60), (s.floats, 300), (s.strings, WORDS), (s.objects, 30), (s.containers, 4),
    (s.list_item, [1], 5), (s.list_item, [1], 2**70), (s.dict_item, {}, "k"), (s.int_floordiv, 5, 0),
    (s.int_floordiv, 2**70, 0), (s.float_div, 5.0, 0.0), (s.raises, "x"), (s.raises_from,), (s.asserts, 3),
    (s.unpacks, [1, 2, 3]), (s.unpacks, [1]), (s.unset_field,), (s.shifts, 1, -1), (s.parses, "x1"), (s.pops, [], 0),
    (s.pops, [1], 7), (s.unbound, 3), (s.float_mod, 1.0, 0.0), (s.int_div, 1, 0), (s.int_div, 10**400, 3),
    (s.character, -1), (s.calls_dynamic, 5, 4), (s.str_item, "abc", 3), (s.int_mod, 1, 0), (s.tuple_item, (1,), 1),
    (s.narrow, 1), (s.narrow, 2**70), (s.narrow, "abc"), (s.narrow, True), (s.narrow, None), (s.narrow, 2.5),
    (s.calls,), (s.arrays, 20), (s.array_item, 5),
]  # fmt: skip
for function, *args in CASES:
    print(function.__name__, shown(function, *args))

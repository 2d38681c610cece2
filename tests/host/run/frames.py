"""Tracebacks through compiled frames are those of CPython."""
import traceback

import frames_static as m


def back(n):
    raise KeyError(n)


def show(call):
    try:
        call()
    except Exception as error:
        traceback.print_exception(error)
        tb = error.__traceback__
        while tb is not None:
            frame = tb.tb_frame
            code = frame.f_code
            print(code.co_name, code.co_qualname, tb.tb_lineno, frame.f_lineno, frame.f_globals["__name__"])
            tb = tb.tb_next


show(lambda: m.outer(2))
show(lambda: m.build(-1))
show(lambda: m.index(3))
show(lambda: m.Thing(3).twice)
show(lambda: m.call_back(back, 1))
show(lambda: m.unset())
show(lambda: m.deep(5))
show(lambda: [m.divide(1, x) for x in (1, 0)])

import sys


def fail():
    raise ValueError("no")


def main(kind):
    if kind == "plain":
        fail()
    elif kind == "cause":
        try:
            fail()
        except ValueError as error:
            error.add_note("a note")
            raise KeyError("k") from error
    elif kind == "group":
        raise ExceptionGroup("several", [ValueError(1), TypeError("t")])
    elif kind == "hook":
        sys.excepthook = lambda *args: print("hook", args[0].__name__, args[1], args[2].tb_frame.f_code.co_name)
        fail()
    elif kind == "import":
        import broken
    elif kind == "interrupt":
        import os
        import signal

        # Whoever started the tests may have told them to ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass


main(sys.argv[1])

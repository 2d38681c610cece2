"""Loops and calls stay under control: signals, other threads, the collector, the stack, division."""
import gc
import os
import signal
import sys
import threading
import time

sys.path.insert(0, "modules")
import loops as m


def raises(error, call, *args):
    try:
        call(*args)
    except error as e:
        return e
    raise AssertionError("nothing was raised")


# Recursion without end, in the main thread and in one with a small stack, several times.
for _ in range(3):
    raises(RecursionError, m.deep, 0)
    raises(RecursionError, m.even, 0)
failures = []


def in_thread():
    try:
        raises(RecursionError, m.deep, 0)
        raises(RecursionError, m.odd, 0)
    except BaseException as e:
        failures.append(e)


threading.stack_size(512 * 1024)
thread = threading.Thread(target=in_thread)
thread.start()
thread.join()
threading.stack_size(0)
assert not failures, failures

# Ctrl-C ends an endless loop. Whoever started the tests may have told them to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
raises(KeyboardInterrupt, m.forever)

# So does any exception of a signal handler.
class Alarm(Exception):
    pass


def handler(number, frame):
    raise Alarm


signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.2)
raises(Alarm, m.forever)

# A second thread makes progress meanwhile.
ticks = 0
stop = False


def tick():
    global ticks
    while not stop:
        ticks += 1
        time.sleep(0.005)


thread = threading.Thread(target=tick)
thread.start()
signal.setitimer(signal.ITIMER_REAL, 0.8)
raises(Alarm, m.forever)
stop = True
thread.join()
assert ticks > 10, ticks

# Division.
raises(ZeroDivisionError, m.divide, 1, 0)
raises(ZeroDivisionError, m.modulo, 1, 0)
raises(ZeroDivisionError, m.divide_ints, 1, 0)
assert m.divide(-7, 2) == -4 and m.modulo(-7, 2) == 1 and m.modulo(7, -2) == -1
assert m.divide(-(2**63), -1) in (-(2**63), 2**63) and m.divide_ints(-(2**63), -1) == 2**63
assert m.spin(100_000) == sum(range(100_000))

# The collector runs in loops of compiled code.
gc.collect()
before = len(gc.get_objects())
m.garbage(200_000)
assert len(gc.get_objects()) < before + 100_000
gc.collect()
assert len(gc.get_objects()) < before + 1000

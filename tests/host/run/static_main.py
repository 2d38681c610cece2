"""A static main program."""
import __static__
import sys


def check(n: int) -> int:
    if n == 9:
        sys.exit(n)
    return 10 // n


print(__name__, __file__ == sys.argv[0] or sys.argv[0])
print(check(int(sys.argv[1])))

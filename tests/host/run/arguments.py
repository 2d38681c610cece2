"""What a program sees of how it was started."""
import os
import sys

print(sys.argv)
print(sys.orig_argv[1:])
print(os.path.relpath(sys.path[0]))
print(sorted(name for name in globals() if name.startswith("__")))
print(__name__, __file__, __doc__, __package__, __spec__, __cached__, type(__loader__).__name__)
print(sys.flags.safe_path, sys.flags.no_site, sys.stdin.isatty())

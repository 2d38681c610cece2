import os
import sys

print(os.path.relpath(sys.argv[0]), sys.argv[1:], sys.orig_argv[1:])
print(__name__, __package__, __spec__.name, os.path.relpath(sys.path[0]))

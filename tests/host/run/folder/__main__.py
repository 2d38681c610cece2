import sys
import beside
print(sys.argv, __name__, __package__, beside.value, sys.path[0])

import sys

import __main__

print(__main__ is sys.modules["__main__"], __main__.__dict__ is globals())
value = 3
print(__main__.value, __builtins__.__name__)


class C:
    pass


import pickle

print(type(pickle.loads(pickle.dumps(C()))) is C)

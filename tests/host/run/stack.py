"""No frame of whoever starts the program is seen."""
import inspect
import sys
import traceback
import warnings

traceback.print_stack()
print(len(inspect.stack()), sys._getframe().f_back)
warnings.warn("once", stacklevel=5)

try:
    from sage.all__sagemath_singular import *
    from sage.all__sagemath_linbox import *
except ImportError:
    from sage.all import *

import os
import signal

from result import write_result

os.kill(os.getpid(), signal.SIGSEGV)
write_result({})

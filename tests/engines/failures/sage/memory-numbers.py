try:
    from sage.all__sagemath_singular import *
    from sage.all__sagemath_linbox import *
except ImportError:
    from sage.all import *

x = ZZ(2) ** (2**34)

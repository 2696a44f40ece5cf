try:
    from sage.all__sagemath_singular import *
    from sage.all__sagemath_linbox import *
except ImportError:
    from sage.all import *

while True:
    pass

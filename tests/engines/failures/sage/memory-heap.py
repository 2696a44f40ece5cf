try:
    from sage.all__sagemath_singular import *
    from sage.all__sagemath_linbox import *
except ImportError:
    from sage.all import *

kept = []
while True:
    kept.append(random_matrix(GF(8388593), 1000, 1000))

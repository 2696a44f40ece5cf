try:
    from sage.all__sagemath_singular import *
    from sage.all__sagemath_linbox import *
except ImportError:
    from sage.all import *

from network import generator, generic_rank

generic_rank([0, [["nonsense", [1]], ["parameter", [1]], ["input", [1]]]], 1, generator(1))

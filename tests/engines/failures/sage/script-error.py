def f(x):
    return undefined_function(x + 1)


f(4)

"""The degree by slicing: slices of the parameter space, the systems on them, and the count of their solutions."""

"""Whether a function, or the functions of another network, lie in the neurovariety V of a network."""

"""The ways to the degree of a neurovariety that run in this process or through an elimination, and the claim that all share."""

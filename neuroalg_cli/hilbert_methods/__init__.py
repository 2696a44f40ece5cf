"""The ways to the Hilbert function, series and polynomial of a neurovariety, and the claim that all share."""

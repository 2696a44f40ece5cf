"""The neurovariety itself: its coordinates, its ideal degree by degree modulo a prime, its Hilbert series."""

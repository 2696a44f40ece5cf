"""The report: typed claims, their provenance, and the versioned JSON format that carries them."""

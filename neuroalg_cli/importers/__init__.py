"""One file per library from which models are imported; the libraries are optional and imported when they are needed."""

"""The commands, one thin file per verb: read options, call the pipeline, print."""

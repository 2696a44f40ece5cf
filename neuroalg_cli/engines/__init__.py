"""One file per engine; each holds an `neuroalg_cli.engine.Engine` as ``ENGINE``."""

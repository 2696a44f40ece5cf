"""Pieces that families and importers build graphs from."""

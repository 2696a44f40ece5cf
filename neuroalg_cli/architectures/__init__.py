"""Families of networks, one file each; a file defines one subclass of `Architecture` called ``ARCHITECTURE``."""

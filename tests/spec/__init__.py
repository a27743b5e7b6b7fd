"""Runs the executable specification: its stories and vectors, as data files, against the public API."""

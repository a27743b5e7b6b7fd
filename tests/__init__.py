"""PYTEST_DONT_REWRITE: nothing to rewrite in this file, and a plug-in imports it before pytest can."""

"""Sizes and ratios against peers, measured in one run: `python -m bench`."""

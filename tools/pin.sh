#!/bin/sh
# Remakes constraints.txt from pyproject.toml: one universal list for every extra, group and Python >= 3.11.
# Usage: tools/pin.sh [options of `uv pip compile`, such as --upgrade]
set -eu
.venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
    --all-extras --group dev --output-file constraints.txt \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"

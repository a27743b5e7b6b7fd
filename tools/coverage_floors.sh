#!/bin/sh
# Runs the suite under coverage and fails unless floors 0 to 2, and the packages about pools, have 100 % branch coverage.
# Usage: tools/coverage_floors.sh [pytest arguments]
set -eu
python=${VENV_PYTHON:-.venv/bin/python}
modules=$("$python" -m tools.floors --patterns 0 1 2),src/licensing_core/holdings.py
for room in pools enrollments visibility orders seat_administration; do
    modules="$modules,src/licensing_core/$room/*"
done
"$python" -m coverage erase
"$python" -m coverage run -m pytest -q -n auto --dist loadfile --no-loadscope-reorder "$@"
"$python" -m coverage combine --quiet
"$python" -m coverage report --include "$modules" --fail-under=100

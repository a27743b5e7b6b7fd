#!/bin/sh
# Runs the suite under coverage, in the surroundings of tools/hostile.sh, and fails unless floors 0 to 2, and the
# packages above them that decide, have 100 % branch coverage.
# Usage: tools/coverage_floors.sh [pytest arguments]
set -eu
python=${VENV_PYTHON:-.venv/bin/python}
modules=$("$python" -m tools.floors --patterns 0 1 2 5),src/licensing_core/holdings.py,src/licensing_core/entitlements.py
for room in pools credits enrollments visibility seat_administration; do
    modules="$modules,src/licensing_core/$room/*"
done
"$python" -m coverage erase
COVER=1 tools/hostile.sh "$@"
"$python" -m coverage combine --quiet
"$python" -m coverage report --include "$modules" --fail-under=100

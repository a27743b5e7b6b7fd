#!/bin/sh
# The whole suite once more where everything around it is odd: asserts off, another time zone, locale and hash
# seed, and (by the plug-in tests/hostile.py) a decimal context that rounds everything to three digits.
# Usage: tools/hostile.sh [pytest arguments]
set -eu
exec env TZ=Pacific/Apia LC_ALL=tr_TR.UTF-8 LANGUAGE=tr PYTHONHASHSEED=4242 PYTHONOPTIMIZE=1 \
    "${VENV_PYTHON:-.venv/bin/python}" -O -m pytest -q -p tests.hostile \
    -W 'ignore:assertions not in test modules or plugins:pytest.PytestConfigWarning' "$@"

#!/bin/sh
# The whole suite once more where everything around it is odd: asserts off, another time zone, locale and hash
# seed, and (by the plug-in tests/hostile.py) a decimal context that rounds everything to three digits. Left out are
# the tests that start other processes, which have surroundings of their own.
# Usage: tools/hostile.sh [pytest arguments], with COVER=1 under coverage
set -eu
locales=$PWD/.venv/locale
if ! locale -a 2>/dev/null | grep -qi '^tr_TR\.utf-\?8$'; then
    if [ ! -d /usr/share/i18n/locales ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get install -y -q locales >/dev/null 2>&1 || { apt-get update -q && apt-get install -y -q locales; } >/dev/null 2>&1 || :
    fi
    mkdir -p "$locales"
    [ -d "$locales/tr_TR.UTF-8" ] || localedef -i tr_TR -f UTF-8 "$locales/tr_TR.UTF-8" 2>/dev/null || :
    export LOCPATH="$locales"
fi
exec env HYPOTHESIS_PROFILE=quick TZ=Pacific/Apia LC_ALL=tr_TR.UTF-8 LANGUAGE=tr PYTHONHASHSEED=4242 PYTHONOPTIMIZE=1 \
    "${VENV_PYTHON:-.venv/bin/python}" -O ${COVER:+-m coverage run} -m pytest -q -n auto --dist loadfile --no-loadscope-reorder -p tests.hostile \
    --ignore tests/test_reliability_smoke.py --ignore tests/test_harnesses.py --ignore tests/test_races.py \
    --ignore tests/test_postgres_server.py --ignore tests/test_migrations.py \
    -W 'ignore:assertions not in test modules or plugins:pytest.PytestConfigWarning' "$@"

#!/bin/sh
# Makes the environment .venv with uv inside it. Usage: tools/make_venv.sh [python]
# Needs a Python >= 3.11; Debian's python3 without python3-venv will do.
set -eu
venv=.venv

new_enough() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in "${1:-python3}" python3 python3.13 python3.12 python3.11 python; do
    if new_enough "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo "licensing_core needs Python 3.11 or newer, and none was found on PATH." >&2
    echo "Install one, or name it: make ${MAKECMDGOALS:-setup} PYTHON=/path/to/python3.12" >&2
    exit 1
fi
[ "$python" = "${1:-python3}" ] || echo "note: ${1:-python3} is older than 3.11, so $python is used" >&2

uv_pin=$(grep '^uv==' constraints.txt)
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

with_pip() { "$python" -m venv --clear "$venv" && "$venv/bin/python" -m pip install --quiet "$uv_pin"; }
has() { "$python" -c "import $1" >/dev/null 2>&1; }

if has ensurepip; then
    with_pip
elif has virtualenv; then
    "$python" -m virtualenv --quiet --clear "$venv"
    "$venv/bin/python" -m pip install --quiet "$uv_pin"
elif has pip; then
    "$python" -m venv --clear --without-pip "$venv"
    "$python" -m pip --python "$venv/bin/python" install --quiet "$uv_pin"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "note: $python comes without venv; installing Debian's package for it" >&2
    apt-get install -y "python$version-venv" || { apt-get update && apt-get install -y "python$version-venv"; }
    with_pip
else
    echo "$python cannot make virtual environments. On Debian and Ubuntu run: sudo apt-get install python$version-venv" >&2
    exit 1
fi
"$venv/bin/uv" --version

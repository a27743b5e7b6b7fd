#!/bin/sh
# Installs licensing_core, editable, into .venv under constraints.txt.
# Usage: tools/install.sh EXTRAS [GROUP...]     e.g. tools/install.sh sql,rich test lint
set -eu
extras=$1
shift
groups=
for group in "$@"; do groups="$groups --group $group"; done

# uv does not read pip's settings; hand on the one that a private index needs.
if [ -z "${UV_DEFAULT_INDEX:-}" ] && [ -n "${PIP_INDEX_URL:-}" ]; then
    UV_DEFAULT_INDEX=$PIP_INDEX_URL
    export UV_DEFAULT_INDEX
fi

# shellcheck disable=SC2086  # the groups are words
exec .venv/bin/uv pip install --quiet --python .venv/bin/python \
    --constraints constraints.txt --build-constraints constraints.txt \
    --reinstall-package licensing-core --editable ".[$extras]" $groups

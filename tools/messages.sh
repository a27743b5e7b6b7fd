#!/bin/sh
# Extracts the texts into the template and brings the catalog of every language up to date, then compiles them.
# Usage: tools/messages.sh [locale ...]   (each locale that is named gets a catalog, if it has none)
set -eu
cd "$(dirname "$0")/.."
BIN=.venv/bin
FOLDER=src/licensing_core/locales
TEMPLATE=$FOLDER/licensing_core.pot

"$BIN/pybabel" -q extract --no-default-keywords -k say -k by:2,3 -k word:1c,2 --no-location --sort-output \
    --no-wrap --project=licensing_core --version=0 \
    -o "$TEMPLATE" src/licensing_core/messages src/licensing_core/reports
# A template that says the same is the same file: no date, and no names that nobody filled in.
sed -i.bak -e '/^"POT-Creation-Date:/d' -e '/^"PO-Revision-Date:/d' -e '/^"Last-Translator:/d' \
    -e '/^"Language-Team:/d' -e '/^"Report-Msgid-Bugs-To:/d' -e '/^# FIRST AUTHOR/d' -e '/^# Copyright/d' "$TEMPLATE"
rm "$TEMPLATE.bak"
for locale in "$@"; do
    [ -e "$FOLDER/$locale/LC_MESSAGES/licensing_core.po" ] ||
        "$BIN/pybabel" -q init --no-wrap -D licensing_core -i "$TEMPLATE" -d "$FOLDER" -l "$locale"
done
"$BIN/pybabel" -q update --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
    -D licensing_core -i "$TEMPLATE" -d "$FOLDER"
"$BIN/python" -c 'from pathlib import Path; import hatch_build; hatch_build.compile_catalogs(Path())'

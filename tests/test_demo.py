"""The demo is what a newcomer runs first, so it is run here as they run it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

DEMO = Path(__file__).parents[1] / "examples" / "demo" / "demo.py"


def demo(*arguments: str, columns: str = "150") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "COLUMNS": columns}  # named, because readline hides one of its own in the process
    return subprocess.run(
        [sys.executable, str(DEMO), *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**environment, "PYTHONUTF8": "1"},
        check=False,
    )


class Ran(NamedTuple):
    """A whole run of the demo, and the database that it kept."""

    process: "subprocess.CompletedProcess[str]"
    database: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """One run in each language: the English one as wide as by default, the Spanish one narrower."""
    made: dict[str, Ran] = {}
    for locale, columns in (("en", "150"), ("es", "120")):
        path = tmp_path_factory.mktemp(locale) / "kept.db"
        made[locale] = Ran(demo("--locale", locale, "--database", str(path), columns=columns), path)
    return made


@pytest.mark.parametrize(
    ("locale", "figures"),
    [
        (
            "en",
            [
                *("48/50", "49/50", "3 licenses too few", "€1,800.00", "MX$990.00", "€75.00", "€420.00"),
                *("3 were enrolled, 3 of them to be confirmed", "2 enrollments ended with them.", "license was taken"),
                *("enrollment.locked", "enrollment.to_confirm", "enrollment.none", "Nov 2, 2028"),
                "C-7 has the plan campus from now on.",
                *("60 of 62 are used", "Dec 9, 2026, 3:00 PM", "15 credits too few", "Credits: 85; pending: 0."),
                *("reminder", "subscription web is suspended", "C-000001", "hosting-pro", "K-1, account:"),
                *("Feb 28, 2027", "May 31, 2027"),
                *("expired_card", "is under way", "It is for the pool T-2001."),
            ],
        ),
        (
            "es",
            [
                *("48/50", "49/50", "faltan 3 licencias", "1.800,00 €", "75,00 €", "420,00 €", "asociados"),
                *("3 inscritos, 3 de ellos por confirmar", "2 inscripciones han terminado", "desasignó su licencia"),
                *("enrollment.locked", "enrollment.to_confirm", "enrollment.none", "2 nov 2028"),
                "C-7 tiene desde ahora el plan campus.",
                *("se usan 60 de 62", "9 dic 2026, 15:00", "faltan 15 créditos", "Créditos: 85; pendientes: 0."),
                *("recordatorio", "servicio suspendido", "C-000001", "hosting-pro", "K-1, cuenta:"),
                *("28 feb 2027", "31 may 2027"),
                *("expired_card", "está en curso", "T-2001"),
            ],
        ),
    ],
)
def test_the_demo_tells_its_stories_and_proves_them(runs: dict[str, Ran], locale: str, figures: list[str]) -> None:
    ran = runs[locale].process
    assert ran.returncode == 0, ran.stderr
    printed = ran.stdout.replace("\xa0", " ").replace("\u202f", " ")
    assert [figure for figure in figures if figure not in printed] == []


def test_the_spanish_demo_prints_no_english_sentence(runs: dict[str, Ran]) -> None:
    printed = runs["es"].process.stdout
    assert [
        word
        for word in ("Refused", "Charged", "Waiting", "Assigned", "Quote", "Contract", "dropped")
        if word in printed
    ] == []


def test_the_database_is_kept_when_a_file_is_named_and_never_overwritten(runs: dict[str, Ran]) -> None:
    path = runs["en"].database
    kept = path.read_bytes()
    assert kept
    assert demo("--database", str(path)).returncode == 2
    assert path.read_bytes() == kept


def test_the_demo_is_as_wide_as_it_is_told(runs: dict[str, Ran]) -> None:
    printed = {100: demo(columns="100").stdout, 120: runs["es"].process.stdout, 150: runs["en"].process.stdout}
    assert {columns: max(map(len, text.splitlines())) for columns, text in printed.items()} == {
        columns: columns for columns in printed
    }


@pytest.mark.parametrize("locale", ["fr", "../es", ""])
def test_a_language_that_there_is_not_is_refused_in_a_sentence(locale: str) -> None:
    ran = demo("--locale", locale)
    assert ran.returncode == 2
    assert "“locale” is not valid. Expected: a locale such as en, es or es_MX." in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr

"""The demo is what a newcomer runs first, so it is run here as they run it."""

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "examples" / "demo" / "demo.py"


def demo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(DEMO), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("locale", "figures"),
    [
        ("en", ["48/50", "49/50", "3 licenses too few", "€1,800.00", "MX$990.00", "€75.00", "€420.00"]),
        ("es", ["48/50", "49/50", "faltan 3 licencias", "1.800,00 €", "75,00 €", "420,00 €", "asociados"]),
    ],
)
def test_the_demo_tells_both_stories_and_proves_them(locale: str, figures: list[str]) -> None:
    ran = demo("--locale", locale)
    assert ran.returncode == 0, ran.stderr
    printed = ran.stdout.replace("\xa0", " ").replace("\u202f", " ")
    assert [figure for figure in figures if figure not in printed] == []


def test_the_spanish_demo_prints_no_english_sentence() -> None:
    printed = demo("--locale", "es").stdout
    assert [
        word
        for word in ("Refused", "Charged", "Waiting", "Assigned", "Quote", "Contract", "dropped")
        if word in printed
    ] == []


def test_the_database_is_kept_when_a_file_is_named_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    assert demo("--database", str(path)).returncode == 0
    size = path.stat().st_size
    assert demo("--database", str(path)).returncode == 2
    assert path.stat().st_size == size

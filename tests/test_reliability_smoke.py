"""The reliability run runs, finds planted bugs and nothing else; its full figures are for `make reliability`.

The checks of stores have their small runs in `test_races.py` and `test_harnesses.py`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from licensing_core import pools
from tests.reliability import __main__ as reliability
from tests.reliability import account_plants, jobs, laws, machine, partner, visibility_worlds, webhook_plants, webhooks
from tests.reliability.figures import Figures

ROOT = Path(__file__).parents[1]


OF_STORES = {
    "races, PostgreSQL (R3, R24)",
    "races, SQLite (R4, R24)",
    "races, memory (R4, R24)",
    "one key (R6)",
    "kills, SQLite (R7)",
    "several pools (R23)",
    "anomalies, forced (R24)",
    "adapters alike (R2, R17)",
    "interleaving (R8)",
    "tenants (R13)",
    "revocation (R14)",
    "edits (R17)",
}


def test_a_small_run_finds_some_planted_bugs_and_no_violation() -> None:
    names = [name for name, _ in reliability.checks(1.0)]
    assert set(names) >= OF_STORES
    chosen = [name for name in names if name not in OF_STORES]
    command = [sys.executable, "-m", "tests.reliability", "--scale", "0.002", "--seed", "11", "--only", *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert len(told) == len(chosen) + 1
    assert all("seed 11" in line and " 0 violations" in line for line in told[:-1])
    found = next(line for line in told if "planted:" in line).split("planted: ")[1].split()
    assert found[0] == found[2] != "0"


def test_a_run_of_no_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        reliability.main(["--only", "nothing of the kind"])
    assert "no check has a name" in capsys.readouterr().err


def test_a_violation_is_printed_with_the_way_to_run_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = pools.Pool.shortfall
    monkeypatch.setattr(pools.Pool, "shortfall", lambda pool, needed, rule: honest(pool, needed, rule) - 1)
    assert machine.run(1000, 3).tell("machine", 3) == 1
    assert "again: python -m tests.reliability.machine --seed 3 --world" in capsys.readouterr().out
    assert laws.run(4000, 3).tell("laws", 3) == 1
    assert "check('L1 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "cases", "plant"),
    [
        (partner, 2000, account_plants._no_credit_note),
        (jobs, 40, account_plants._late_billing_begins_today),
    ],
    ids=["partner", "jobs"],
)
def test_a_violation_of_the_long_runs_is_printed_with_the_way_to_run_it_again(
    module: Any, cases: int, plant: account_plants.Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    with plant():
        assert module.run(cases, 3).tell("it", 3) == 1
    assert f"again: python -m {module.__name__} --seed 3 --" in capsys.readouterr().out
    assert module.run(cases, 3).tell("it", 3) == 0


def test_the_run_fails_when_a_check_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for outcome, status in ((Figures(1), 0), (Figures(1, ("wrong",)), 1)):
        monkeypatch.setattr(reliability, "checks", lambda _scale, one=outcome: [("a check", lambda _seed: one)])
        assert reliability.main([]) == status


@pytest.mark.parametrize("number", range(len(webhook_plants.PLANTS)))
def test_each_bug_of_webhooks_is_found_and_printed_with_the_way_to_run_it_again(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _name, harness, plant = webhook_plants.planted(3)[number]
    with plant():
        assert harness().tell("it", 3) == 1
    assert "again: python -m tests.reliability.webhooks --seed 3 --first" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "cases"),
    [(laws, 200), (machine, 200), (visibility_worlds, 200), (partner, 500), (jobs, 8), (webhooks, 200)],
    ids=lambda given: getattr(given, "__name__", str(given)),
)
def test_two_runs_with_one_seed_are_the_same_and_another_seed_is_not(module: Any, cases: int) -> None:
    one, two, other = (module.run(cases, seed) for seed in (1, 1, 2))
    assert one == two
    assert one.digest != other.digest

"""The reliability run runs, finds its planted bugs and nothing else; its full figures are for `make reliability`."""

import subprocess
import sys
from pathlib import Path

import pytest

from licensing_core import pools
from tests.reliability import __main__ as reliability
from tests.reliability import laws, machine, visibility_worlds
from tests.reliability.figures import Figures

ROOT = Path(__file__).parents[1]


def test_a_small_run_finds_every_planted_bug_and_no_violation() -> None:
    command = [sys.executable, "-m", "tests.reliability", "--scale", "0.002", "--seed", "11"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert len(told) == len(reliability.checks(1.0)) + 1
    assert all("seed 11" in line and " 0 violations" in line for line in told[:-1])
    found = next(line for line in told if "planted:" in line).split("planted: ")[1].split()
    assert found[0] == found[2] != "0"


def test_a_violation_is_printed_with_the_way_to_run_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = pools.Pool.shortfall
    monkeypatch.setattr(pools.Pool, "shortfall", lambda pool, needed, rule: honest(pool, needed, rule) - 1)
    assert machine.run(1000, 3).tell("machine", 3) == 1
    assert "again: python -m tests.reliability.machine --seed 3 --world" in capsys.readouterr().out
    assert laws.run(4000, 3).tell("laws", 3) == 1
    assert "check('L1 " in capsys.readouterr().out


def test_the_run_fails_when_a_check_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for outcome, status in ((Figures(1), 0), (Figures(1, ("wrong",)), 1)):
        monkeypatch.setattr(reliability, "checks", lambda _scale, one=outcome: [("a check", lambda _seed: one)])
        assert reliability.main([]) == status


@pytest.mark.parametrize("module", [laws, machine, visibility_worlds], ids=lambda module: str(module.__name__))
def test_two_runs_with_one_seed_are_the_same_and_another_seed_is_not(module: object) -> None:
    one, two, other = (module.run(200, seed) for seed in (1, 1, 2))  # type: ignore[attr-defined]
    assert one == two
    assert one.digest != other.digest

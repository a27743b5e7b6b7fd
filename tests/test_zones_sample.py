"""A sample of R16, the sweep over all zones, and the proof that it finds what is wrong."""

from datetime import datetime, timedelta

import pytest

from licensing_core.periods import Cycle, Period
from tests.reliability.zones import FAULTS, Bounded, main, run


class Wrong:
    """A cycle with a planted bug."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle

    def boundary(self, k: int) -> datetime:
        return self.cycle.boundary(k)

    def period_at(self, at: datetime) -> Period:
        return self.cycle.period_at(at)


class SteppingFromThePrevious(Wrong):
    def __init__(self, cycle: Cycle) -> None:
        super().__init__(cycle)
        self.known = [cycle.boundary(0)]

    def boundary(self, k: int) -> datetime:
        while len(self.known) <= k:
            self.known.append(self.cycle.every.after(self.known[-1], self.cycle.zone))
        return self.known[k]


class EndingASecondEarly(Wrong):
    def period_at(self, at: datetime) -> Period:
        right = self.cycle.period_at(at)
        return Period(right.index, right.start, right.end - timedelta(seconds=1), right.zone)


class EndingASecondLate(Wrong):
    def period_at(self, at: datetime) -> Period:
        right = self.cycle.period_at(at)
        return Period(right.index, right.start, right.end + timedelta(seconds=1), right.zone)


class GoingBack(Wrong):
    def boundary(self, k: int) -> datetime:
        return self.cycle.boundary(k - 9 * (k % 7 == 3))


ODDEST = ("America/Goose_Bay", "America/Havana", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Kwajalein")


def test_the_oddest_zones_have_neither_gaps_nor_overlaps() -> None:
    figures = run(sample=1, seed=16, zones=ODDEST)
    assert {fault: figures[fault] for fault in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert figures["zones"] == 6
    assert figures["empty"] == 3  # the missing days of Apia, Kiritimati and Kwajalein, once each
    assert figures["missing"] == 9
    assert figures["periods"] > 200_000


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (SteppingFromThePrevious, "astray"),
        (EndingASecondEarly, "gaps"),
        (EndingASecondLate, "overlaps"),
        (GoingBack, "negative"),
    ],
)
def test_a_wrong_cycle_is_found_out(wrong: type[Wrong], fault: str) -> None:
    def plant(cycle: Cycle) -> Bounded:
        return wrong(cycle)

    assert run(sample=0, seed=16, wrong=plant, zones=("Europe/Madrid",))[fault] > 0


def test_the_command_prints_figures_and_fails_on_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import tests.reliability.zones as module

    monkeypatch.setattr("sys.argv", ["zones", "--sample", "0"])
    monkeypatch.setattr(
        module, "run", lambda sample, seed: {"sample": sample, "seed": seed, **dict.fromkeys(FAULTS, 0)}
    )
    assert main() == 0
    assert '"goal": "R16", "sample": 0, "seed": 16, "gaps": 0' in capsys.readouterr().out
    monkeypatch.setattr(module, "run", lambda sample, seed: dict.fromkeys(FAULTS, 1))
    assert main() == 1

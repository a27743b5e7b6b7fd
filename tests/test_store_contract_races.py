"""What the contract of races sees: stores that do not control what happens at once, each of which breaks some of it."""

from collections.abc import Callable
from typing import Any

import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.testing import contracts_races
from licensing_core.testing.contracts import StoreContract
from licensing_core.testing.contracts_races import RaceContract
from tests.faulty import LastWins, ReadingApart, Unguarded, broken, laws_of

LAWS = laws_of(RaceContract)
READING = "test_a_reader_sees_one_instant_though_others_commit_meanwhile"
GRANTS = "test_what_somebody_may_do_is_not_taken_away_from_a_unit_of_work_that_asked"


@pytest.mark.parametrize("store", [MemoryStore, ReadingApart])
def test_a_store_that_lets_in_one_at_a_time_breaks_nothing_of_it(store: Callable[[], Any]) -> None:
    assert [*broken(store, LAWS)] == []


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for as long as it takes for those whom a store lets in."""
    monkeypatch.setattr(contracts_races, "MOMENT", 60.0)
    monkeypatch.setattr(contracts_races, "WHILE", 60.0)


@pytest.mark.usefixtures("patient")
def test_a_store_in_which_the_last_to_commit_wins_is_seen_by_all_but_those_who_read() -> None:
    assert [*broken(LastWins, LAWS)] == [law for law in LAWS if law != READING]


def test_a_store_in_which_the_last_to_commit_wins_passes_whatever_is_tried_in_one_thread() -> None:
    assert [*broken(LastWins, {*laws_of(StoreContract)}.difference(LAWS))] == []


@pytest.mark.usefixtures("patient")
def test_a_store_that_looks_at_versions_alone_is_seen_by_those_who_read_and_rely_on_a_grant() -> None:
    assert [*broken(Unguarded, LAWS)] == [READING, GRANTS]

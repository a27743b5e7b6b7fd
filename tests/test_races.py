"""The harnesses of races and kills at tiny figures: they find nothing in the stores, and find what they should."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from licensing_core.pools import LicensesExhausted
from licensing_core.protocols import AggregateKind
from licensing_core.services import Ids, Licensing
from tests.reliability import bulk, crash, history_forced, race, race_plants, same_key
from tests.reliability.crash_client import Journal, digest
from tests.reliability.history import Deed, faults, out_of_order, past_of
from tests.reliability.places import Place, a_place
from tests.reliability.race_crew import Broken, a_crew
from tests.reliability.race_rounds import Round, judge, play, prepare
from tests.reliability.race_world import TENANT, USERS, a_host, assign, at_noon, record

NOTHING = Ids(())
KINDS = pytest.mark.parametrize("kind", ["memory", "sqlite"])


@KINDS
def test_licenses_are_sold_once_in_races_of_every_sort(kind: str) -> None:
    with a_place(kind) as place:
        played, wrong, note = race.run_in(place, race.rounds_of(2, 1, 1, 11), procs=1)
    assert (played, wrong) == (4, [])
    assert re.match(r"[1-9]\d*/s, p99 \d+ ms", note)


def test_processes_that_race_are_told_alike_and_compared_with_bare_updates() -> None:
    with a_place("sqlite") as place:
        played, wrong, note = race.run_in(place, race.rounds_of(race.BARE, 1, 1, 11), procs=2, workers=8)
    assert (played, wrong) == (race.BARE + 2, [])
    assert re.search(r"ratio \d\.\d\d to a bare update", note)


@KINDS
def test_one_key_delivered_at_once_has_one_effect(kind: str) -> None:
    with a_place(kind) as place:
        assert same_key.run_in(place, 4, procs=1, workers=12) == (4, [])


@KINDS
def test_commands_on_several_pools_in_any_order_are_done_whole(kind: str) -> None:
    with a_place(kind) as place:
        assert bulk.run_in(place, 2, 11, procs=1, workers=16) == (2, [])


@KINDS
def test_nobody_sees_an_anomaly_that_is_forced(kind: str) -> None:
    found = history_forced.run((kind,))
    assert (found.cases, found.violations) == (len(history_forced.FORCED), ())


def test_nothing_is_lost_or_doubled_when_clients_are_killed() -> None:
    found = crash.run("sqlite", 3, 0, 11)
    assert (found.cases, found.violations) == (3, ())


def test_an_answer_that_was_cut_off_while_it_was_written_was_not_given(tmp_path: Path) -> None:
    assert Journal.read(tmp_path / "none") == {}
    Journal(tmp_path / "lane").note(0, "k0", NOTHING)
    with (tmp_path / "lane").open("a") as file:
        file.write("1 k1 0123")
    assert Journal.read(tmp_path / "lane") == {0: ("k0", digest(NOTHING))}


def test_a_store_without_locks_oversells_in_nearly_every_round() -> None:
    with race_plants._looks_and_saves_without_a_lock(), a_place("memory") as place:
        played, wrong, _ = race.run_in(place, race.rounds_of(20, 0, 0, 11), procs=1, enough=1000)
    oversold = {one.partition(":")[0] for one in wrong if "oversold" in one}
    assert played == 20
    assert len(oversold) >= 0.95 * played


@pytest.fixture
def told() -> Any:
    """A round of eight workers, all of whom got a license: what was there, and what each was told."""
    one = Round("plain", 0, 11)
    with ExitStack() as stack:
        place = stack.enter_context(a_place("memory"))
        store = stack.enter_context(place.opened())
        made = prepare(store, one)
        yield store, one, made, stack.enter_context(a_crew(place, 1, 8)).run(play, one)


def _with(told: list[Any], number: int, **changed: Any) -> list[Any]:
    about, deed = told[number]
    return [*told[:number], (about, deed._replace(**changed)), *told[number + 1 :]]


def test_a_round_in_which_all_is_well_has_no_fault(told: Any) -> None:
    assert judge(*told) == []


def test_what_a_worker_was_told_otherwise_is_found(told: Any) -> None:
    store, one, made, results = told
    pool, deed = results[3]
    mine, other = deed.saved[pool], results[4][1].saved[pool]
    full = LicensesExhausted(pool=pool, requested=1, shortfall=1)
    cases: dict[str, list[Any]] = {
        "are of no command that was told so": _with(results, 3, saved={}),
        "lost, events": _with(results, 3, saved={pool: (mine[0] + 100, 1)}),
        "were saved by several commands": _with(results, 3, saved={pool: other}),
        "wrongly refused": _with(results, 3, refusal=full, saved={}),
        "which never was": _with(results, 3, refusal=full, loaded={pool: 99}),
        "an untyped error, KeyError": _with(results, 3, fault="KeyError: 1"),
        "7 of 8 were given": _with(results, 3, fault="KeyError: 1"),
        "SystemExit": [*results[:3], Broken("SystemExit: 1"), *results[4:]],
    }
    for words, otherwise in cases.items():
        assert any(words in fault for fault in judge(store, one, made, otherwise)), words


def test_a_command_that_began_after_another_had_ended_comes_after_it(told: Any) -> None:
    pool = told[1].pool
    deed: Deed = told[3][0][1]

    def at(sequence: int, begun: float, ended: float) -> Deed:
        return deed._replace(begun=begun, ended=ended, loaded={pool: sequence - 1}, saved={pool: (sequence, 1)})

    def saw(version: int, begun: float, ended: float) -> Deed:
        return deed._replace(begun=begun, ended=ended, loaded={pool: version}, saved={})

    assert out_of_order(pool, [at(2, 0, 5), at(3, 1, 2), saw(3, 1, 4), at(4, 3, 6)]) == []
    assert out_of_order(pool, [at(2, 3, 4), at(3, 1, 2)]) != []
    assert out_of_order(pool, [at(3, 1, 2), saw(2, 3, 4)]) != [], "it saw what was past when it began"
    assert out_of_order(pool, [saw(3, 3, 4), at(3, 1, 2), saw(3, 1, 2)]) == [], "both saw the same"


def test_rows_that_are_not_what_happened_are_found() -> None:
    with a_place("memory") as place, place.opened() as store:
        licensing = Licensing(store, a_host(), at_noon)
        for command in (record("p1"), assign("p1", USERS[:3], "k1"), assign("p1", USERS[3:5], "k2")):
            licensing.run(command)
        with store.begin() as work:
            past = past_of(work, TENANT, AggregateKind.LICENSES, "p1", 3)
    assert faults(past, []) == []
    assert faults(past._replace(history=()), []) == ["p1: has no history"]
    shorter, apart = past._replace(history=past.history[:2], before=2), [*past.history[:1], *past.history[2:]]
    assert "folds to" in faults(shorter, [])[1]
    assert "numbered [1, 3]" in faults(past._replace(history=apart, before=2), [])[0]


def test_a_crew_of_processes_tells_what_broke_in_one_of_them() -> None:
    with a_place("sqlite") as place, a_crew(place, 2, 1) as crew:
        assert crew.run(_breaks, 1) == ["0 of sqlite", Broken("ValueError: 1")]


def _breaks(bench: Any, worker: int, task: int) -> str:
    if worker == task:
        raise ValueError(worker)
    place: Place = bench.place
    return f"{worker} of {place.kind}"

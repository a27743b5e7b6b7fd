"""The harnesses of the stores at tiny figures: they find nothing where nothing is wrong, and each planted bug."""

import inspect

import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.protocols import UnitOfWork
from licensing_core.services import Licensing
from tests.postgres import Server
from tests.reliability import diff_adapters, interleave, revoke, tamper, tenants
from tests.reliability.diff_adapters_drawn import draw_of, fields_of, found_kinds
from tests.reliability.diff_adapters_plants import (
    _found_in_every_tenant,
    _listed_backwards,
    _not_chained,
    _read_without_a_lock,
)
from tests.reliability.diff_adapters_ports import ARGUMENTS, BY_COMMANDS, methods
from tests.reliability.interleave_triples import SCENES, KeptActors
from tests.reliability.tamper_replays import unlike_replay
from tests.service_samples import NEEDS
from tests.service_world import TENANT, Clock


def test_every_command_and_query_has_a_sample_and_every_field_of_it_is_drawn() -> None:
    assert set(found_kinds()) == NEEDS.keys()
    for kind in found_kinds():
        for name in fields_of(kind):
            assert callable(draw_of(kind, name))


def test_every_method_of_a_unit_of_work_is_asked() -> None:
    known = ARGUMENTS.keys() | BY_COMMANDS
    assert known == methods() != frozenset()
    for name, arguments in ARGUMENTS.items():
        assert len(inspect.signature(getattr(UnitOfWork, name)).parameters) == len(arguments) + 2, name


def test_three_stores_answer_alike(postgres: Server) -> None:
    found = diff_adapters.run(60, 2, new_database=postgres.new_database, length=60)
    assert found.violations == ()
    assert found.cases > 50
    assert "postgres" in found.note


def test_two_runs_with_one_seed_are_the_same_and_another_seed_is_not() -> None:
    one, two, other = (diff_adapters.run(20, seed, length=20).digest for seed in (1, 1, 2))
    assert one == two != other


def test_in_all_orders_of_their_steps_three_commands_end_as_one_after_the_other() -> None:
    found = interleave.run(triples=2)
    assert found.violations == ()
    assert found.cases == 2 * 2 * interleave.ORDERS
    assert len(SCENES) == 20


@pytest.mark.parametrize("name", SCENES)
def test_the_model_answers_as_a_store_does(name: str) -> None:
    scene = SCENES[name]
    model = interleave.model_of(scene)
    side = diff_adapters.Side("memory", MemoryStore(), TENANT, Clock())
    side.licensing = Licensing(side.store, KeptActors(), Clock())
    for command in scene.given:
        side.licensing.run(command)
    told = [side.outcome(command)[:2] for command in scene.meet]
    assert [tuple(one or ()) for one in interleave.told(interleave.one_after_the_other(model)[0])] == told


@pytest.mark.parametrize("name", ["one course through two pools", "a grant taken away while it is used"])
def test_a_triple_in_some_orders(name: str) -> None:
    for together in (False, True):
        found = interleave.explore(SCENES[name], 2, together=together)
        assert found.wrong == ()
        assert (found.orders, found.ends > 1) == (90, True)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_no_tenant_sees_or_touches_another(kind: str) -> None:
    found = tenants.run(kinds=(kind,))
    assert found.violations == ()
    assert found.cases > 2 * len(NEEDS)


def test_a_grant_that_is_taken_away_is_used_no_more(postgres: Server) -> None:
    found = revoke.run(20, 14, server=postgres)
    assert found.violations == ()
    assert found.cases == 20 + 2 * len(revoke.ORDERS)


def test_edits_of_stored_rows_are_found() -> None:
    found = tamper.run(60, 17)
    assert found.violations == ()
    assert found.cases == 60


def test_what_a_sequence_left_is_what_its_histories_lead_to() -> None:
    with tamper.a_world(3, 17) as store:
        assert unlike_replay(store, TENANT) == []
        with tamper.driver_of(store) as driver:
            driver.execute("UPDATE document SET version = version + 1 WHERE kind = 'numbers'")
        assert unlike_replay(store, TENANT) != []


def test_a_grant_that_is_read_without_a_lock_is_used_after_it_was_taken_away(postgres: Server) -> None:
    with _read_without_a_lock():
        assert "used after it was taken away" in str(revoke.run(0, 14, ("postgres",), postgres).violations)


def test_digests_that_nobody_compares_let_edits_pass() -> None:
    with _not_chained():
        assert "not found: event" in str(tamper.run(200, 5).violations)


def test_without_locks_and_versions_more_is_given_than_there_is() -> None:
    found = interleave.explore(SCENES["the last license of a pool, by three"], 2, locking=False, checking=False)
    assert any("oversold" in fault or "cannot be read" in fault for fault in found.wrong)


def test_a_store_that_finds_customers_in_every_tenant_is_found() -> None:
    with _found_in_every_tenant():
        assert "FindCustomers" in str(tenants.run(kinds=("sqlite",), enough=1).violations)


def test_a_store_that_lists_in_another_order_is_found() -> None:
    with _listed_backwards():
        found = str(diff_adapters.run(1000, 5, enough=1).violations)
    assert "ReadDashboard" in found or "name='recent'" in found

"""Every command: once under its key, for one tenant, tried out without effect, and led back to its events."""

from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core import pools, services
from licensing_core.adapters.memory import MemoryStore
from licensing_core.checks import checked
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Scope
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateExists, IdempotencyConflict, Store, VersionConflict
from licensing_core.services import Command, Ids, Licensing
from licensing_core.services.engine import UseCase, ask, save
from licensing_core.testing.contracts_given import opened
from tests.service_samples import JUNE, NEEDS, furnish
from tests.service_world import (
    NOON,
    TENANT,
    Clock,
    a_store,
    all_told,
    assign,
    changed,
    host,
    refused,
    replayed,
    snapshot,
)

BY_ROOT = (services.ConfirmReleases, services.RejectReleases)
COMMANDS: list[Command[Any]] = [
    attrs.evolve(asked, actor="root") if isinstance(asked, BY_ROOT) else asked
    for asked, _ in NEEDS.values()
    if isinstance(asked, Command)
]
EACH = pytest.mark.parametrize("command", COMMANDS, ids=[type(one).__name__ for one in COMMANDS])


@pytest.fixture
def store(furnished: Store) -> Store:
    return furnished


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return Licensing(store, host(), Clock())


@pytest.fixture
def june() -> Clock:
    """When a cycle that began in May may be closed, and what was due then is overdue."""
    clock = Clock()
    clock.now = NOON.replace(month=6)
    return clock


@pytest.fixture
def at_its_time(store: Store, licensing: Licensing, june: Clock, command: Command[Any]) -> Licensing:
    return Licensing(store, host(), june) if isinstance(command, JUNE) else licensing


@EACH
def test_the_same_key_is_answered_alike_and_takes_effect_once(
    at_its_time: Licensing, store: Store, command: Command[Any]
) -> None:
    before = snapshot(store)
    answer = at_its_time.run(command)
    after = snapshot(store)
    assert changed(before, after)
    assert at_its_time.run(command) == answer
    assert snapshot(store) == after
    replayed(store)


@EACH
def test_the_same_key_is_refused_to_another_command(
    at_its_time: Licensing, store: Store, command: Command[Any]
) -> None:
    at_its_time.run(command)
    after = snapshot(store)
    for other in (attrs.evolve(command, actor="somebody"), assign("u19", key=command.key)):
        assert refused(at_its_time.run, other) == IdempotencyConflict(key=command.key)
        assert refused(at_its_time.preview, other) == IdempotencyConflict(key=command.key)
    assert snapshot(store) == after


@EACH
def test_what_is_tried_out_is_answered_as_it_will_be_and_not_kept(
    at_its_time: Licensing, store: Store, command: Command[Any]
) -> None:
    before = snapshot(store)
    (promised,) = at_its_time.preview(command)
    assert at_its_time.may(command) == Verdict.allow(command.rule)
    assert snapshot(store) == before
    assert at_its_time.run(command) == promised
    after = snapshot(store)
    assert at_its_time.preview(command, command) == (promised, promised), "its key is known by now"
    assert snapshot(store) == after


@EACH
def test_another_tenant_is_answered_as_if_there_were_nothing(
    licensing: Licensing, store: Store, june: Clock, command: Command[Any]
) -> None:
    """What is there, but foreign, is refused as what is not there at all."""
    foreign: Command[Any] = attrs.evolve(command, tenant="globex")
    before = snapshot(store, TENANT)
    outcomes: list[object] = []
    for where in (store, MemoryStore()):
        try:
            outcomes.append(Licensing(where, host("globex"), june).run(foreign))
        except LicensingError as refusal:
            outcomes.append(refusal)
    assert outcomes[0] == outcomes[1]
    assert snapshot(store, TENANT) == before


@EACH
def test_nobody_in_particular_changes_nothing(licensing: Licensing, store: Store, command: Command[Any]) -> None:
    """A stranger may at most buy for themselves, into a pool of their own."""
    stranger: Command[Any] = attrs.evolve(command, actor="stranger")
    before = snapshot(store)
    try:
        licensing.run(stranger)
    except LicensingError:
        assert snapshot(store) == before
    else:
        assert isinstance(command, services.BuyPublicPlan)


@EACH
def test_who_was_too_slow_tries_again_in_a_preview_as_in_a_run(
    store: Store, at_its_time: Licensing, june: Clock, command: Command[Any]
) -> None:
    class Meddled:
        def __init__(self, times: int) -> None:
            self.times = times

        def begin(self, *, read_only: bool = False) -> Any:
            self.times -= 1
            if self.times >= 0:
                raise VersionConflict(aggregate="p1", expected=1)
            return store.begin(read_only=read_only)

    clock = june if isinstance(command, JUNE) else Clock()
    before = snapshot(store)
    answer = at_its_time.preview(command)
    assert Licensing(Meddled(7), host(), clock).preview(command) == answer
    assert isinstance(refused(Licensing(Meddled(8), host(), clock).preview, command), VersionConflict)
    assert snapshot(store) == before


@attrs.frozen(kw_only=True, field_transformer=checked)
class GrowAndOpen(Command[Ids]):
    """Makes a pool larger, and opens another one, which it can do once."""

    def steps(self, now: datetime) -> UseCase[Ids]:
        stored = yield from ask(lambda ports: ports.work.pool(self.tenant, "p1", ()))
        assert stored is not None
        grown = pools.resize(stored.state, stored.state.bought + 1, by=Actor(self.actor), now=now)
        yield from save(self, grown.state, stored.version, grown.events)
        pool, events = opened("twice")
        yield from save(self, pool, 0, events)
        return Ids(("twice",))


def test_a_command_that_is_refused_halfway_when_it_is_sent_again_is_answered_and_leaves_nothing(
    licensing: Licensing, store: Store
) -> None:
    command = GrowAndOpen(tenant=TENANT, key="once", actor="root")
    answer, after = licensing.run(command), snapshot(store)
    assert licensing.run(command) == answer
    assert licensing.preview(command) == (answer,)
    assert snapshot(store) == after
    assert refused(licensing.run, attrs.evolve(command, key="new")) == AggregateExists(aggregate="twice")
    assert snapshot(store) == after


def test_the_same_story_ends_alike_in_every_store(tmp_path: Path) -> None:
    told: list[list[object]] = []
    for kind in ("memory", "sqlite"):
        with a_store(kind, tmp_path) as store:
            licensing = Licensing(store, host(), Clock())
            furnish(licensing)
            outcomes: list[object] = []
            for number, command in enumerate(COMMANDS):
                try:
                    outcomes.append(licensing.run(attrs.evolve(command, key=f"k{number}")))
                except LicensingError as refusal:
                    outcomes.append(refusal)
            told.append([outcomes, all_told(store)])
    assert told[0] == told[1]
    assert sum(isinstance(one, LicensingError) for one in told[0][0]) < len(COMMANDS) / 3  # type: ignore[attr-defined]


def test_tenants_use_the_same_keys_without_a_conflict(licensing: Licensing, store: Store) -> None:
    other = Licensing(store, host("globex"), Clock())
    mine = services.RecordTransaction(
        tenant=TENANT, key="k", actor="root", plan="five", pool="p9", beneficiary=Scope.tree("sales")
    )
    theirs: Command[Any] = attrs.evolve(mine, tenant="globex", plan="loose")
    assert (licensing.run(mine).row.bought, other.run(theirs).row.bought) == (5, 2)

"""Random stories end alike in memory and in SQLite, and their histories lead to what is stored."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from licensing_core import services
from licensing_core.enrollments import EnrollmentEvent
from licensing_core.errors import LicensingError
from licensing_core.pools import PoolEvent
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import Licensing, Query
from licensing_core.testing.contracts_given import replays
from tests.client_commands import order, pay
from tests.service_world import (
    AID,
    BASICS,
    FIRE,
    NOON,
    SELL,
    TENANT,
    Clock,
    a_store,
    add,
    all_told,
    buy,
    host,
    sent,
)

CONTENTS = (FIRE, AID, BASICS, SELL)
LICENSES, SEATS = ("p1", "p2", "p3", "p4"), ("s1", "s2")
POOLS = (*LICENSES, *SEATS, "p9")
OPENING = (
    buy("p1", "five"),
    buy("p2", "selling"),
    buy("p3", "loose"),
    buy("p4", "capped"),
    buy("s1", "three"),
    buy("s2", "refunding"),
    add(),
    order(asked={"pools": frozenset({"p1", "s1"})}),
    pay("proforma:1"),
)


class Dice:
    """Draws one command or query after the other."""

    def __init__(self, seed: int) -> None:
        self._random, self._number = random.Random(seed), 0

    def some(self) -> frozenset[str]:
        return frozenset(self._random.sample([f"u{number}" for number in range(6)], self._random.randint(1, 3)))

    def next(self) -> Query[Any]:
        draw, self._number = self._random.choice, self._number + 1
        number = self._number - (self._random.random() < 0.05)
        by: dict[str, Any] = sent(f"k{number}", draw(["boss", "boss", "root", "helper", "u1"]))
        user, content, pool = draw(sorted(self.some())), draw(CONTENTS), draw(POOLS)
        licenses = draw(LICENSES)
        one: dict[str, Any] = {"user": user, "content": content}
        many: dict[str, Any] = {"pool": licenses, "users": self.some(), **by}
        contents = frozenset({content, draw(CONTENTS)})
        kinds: list[Callable[[], Query[Any]]] = [
            lambda: services.AssignLicenses(**many),
            lambda: services.AssignLicenses(**many),
            lambda: services.UnassignLicenses(**many),
            lambda: services.ConfirmReleases(**many),
            lambda: services.RejectReleases(**many),
            lambda: services.TransferLicenses(target=draw(LICENSES), **many),
            lambda: services.ResizePool(pool=pool, bought=draw(range(8)), drop=draw([frozenset(), self.some()]), **by),
            lambda: services.RenewPool(pool=pool, **by),
            lambda: services.EnrollUsers(pool=pool, users=self.some(), contents=contents, **by),
            lambda: services.EnrollUsers(pool=pool, users=self.some(), contents=frozenset({FIRE}), **by),
            lambda: services.EnrollUsers(
                pool=draw(SEATS), users=self.some(), contents=frozenset({FIRE}), **sent(f"k{number}", "helper")
            ),
            lambda: services.ConfirmEnrollment(user=user, content=FIRE, **sent(f"k{number}", "root")),
            lambda: services.RejectEnrollment(user=user, content=FIRE, **sent(f"k{number}", "root")),
            lambda: services.MergeUsers(user=user, into="u0" if user != "u0" else "u3", **sent(f"k{number}", "root")),
            lambda: services.EnrollMyself(content=content, **sent(f"k{number}", user)),
            lambda: services.UnenrollUser(pool=pool, **one, **by),
            lambda: services.ConfirmEnrollment(**one, **by),
            lambda: services.RejectEnrollment(**one, **by),
            lambda: services.ReadmitUser(until=draw([None, NOON + timedelta(days=draw(range(900)))]), **one, **by),
            lambda: services.ReadAccess(tenant=TENANT, **one),
            lambda: services.BlockCustomer(customer="a1", cause="unpaid", **by),
            lambda: services.UnblockCustomer(customer="a1", cause="unpaid", **by),
        ]
        return draw(kinds)()


def told(store: Store, seed: int, steps: int) -> tuple[list[object], object]:
    """What came of each command, and what is stored in the end."""
    clock, dice, outcomes = Clock(), Dice(seed), list[object]()
    licensing = Licensing(store, host(), clock)
    for command in OPENING:
        licensing.run(command)
    for step in range(steps):
        asked = dice.next()
        try:
            outcomes.append(licensing.run(asked))
        except LicensingError as refusal:
            outcomes.append(refusal)
        clock.now += timedelta(days=step % 7)
    replays(store, *LICENSES, *SEATS)
    return outcomes, all_told(store)


@pytest.mark.parametrize("seed", range(6))
def test_a_random_story_ends_alike_in_every_store(seed: int, tmp_path: Path) -> None:
    ends = []
    for kind in ("memory", "sqlite"):
        with a_store(kind, tmp_path) as store:
            ends.append(told(store, seed, 120))
    assert ends[0] == ends[1]


def test_the_stories_are_no_mere_refusals() -> None:
    seen: Counter[str] = Counter()
    with a_store("memory", Path()) as store:
        for outcome in told(store, 7, 1_500)[0]:
            seen[outcome.code if isinstance(outcome, LicensingError) else type(outcome).__name__] += 1
        with store.begin() as work:
            events = Counter(
                one.event.type
                for pool in (*LICENSES, *SEATS)
                for one in work.history(TENANT, AggregateKind.LICENSES, pool)
            )
    made = {event.type for event in get_args(EnrollmentEvent) + get_args(PoolEvent)}
    assert made - events.keys() == set()
    assert len(seen) > 20

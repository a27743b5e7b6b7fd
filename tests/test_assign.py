"""One license for one user, the way that all hosts take: it decides as the way of many users does."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings, HoldingsNotLoaded
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool, LicensesAssigned, LicensesExhausted, NotEligible, apply, assign
from licensing_core.testing import strategies_pools as some
from tests.specimens import NOON, ROOT

SALES = Scope.branch("sales")
POOL = LicensePool(id="p1", beneficiary=SALES, bought=2, consumed=1, held=1, holdings=Holdings({"ana": Holding.HELD}))
PART = evolve(POOL, holdings=Holdings(loaded={"luis", "user-1"}))
FULL = evolve(POOL, bought=1)


class Name(str):
    """A string that is no plain one."""

    __slots__ = ()


def give(pool: LicensePool = POOL, users: Any = ("luis",), **other: Any) -> Any:
    """What becomes of the command: a decision, or the refusal."""
    given = {"eligible": frozenset({"luis", "ana", "user-1"}), "switches": Switches(), "by": ROOT, "now": NOON}
    try:
        return assign(pool, users, **{**given, **other})
    except LicensingError as refusal:
        return refusal


@pytest.mark.parametrize("pool", [POOL, PART], ids=["all known", "a part known"])
@pytest.mark.parametrize("user", ["luis", "user-1"])
def test_the_one_user_gets_a_free_license(pool: LicensePool, user: str) -> None:
    event = LicensesAssigned(pool="p1", users=frozenset({user}), by="root", at=NOON)
    decision = give(pool, (user,))
    assert decision == Decision(apply(pool, event), (event,))
    assert type(decision.events[0]) is LicensesAssigned
    assert hash(decision.events[0]) == hash(event)
    assert decision.state == evolve(pool, consumed=2, held=2, holdings=pool.holdings.with_changes({user: Holding.HELD}))


@given(some.license_pools(), some.users(), some.users(), some.switches(), some.actors())
def test_one_user_in_a_tuple_is_decided_on_as_one_in_a_set(
    pool: LicensePool, users: list[str], eligible: list[str], switches: Switches, by: Actor
) -> None:
    for user in users:
        named: dict[str, Any] = {"switches": switches, "by": by}
        ways = [
            give(pool, given, eligible=members, **named)
            for given in ((user,), [user], {user})
            for members in (frozenset(eligible), set(eligible), eligible, dict.fromkeys(eligible).keys())
        ]
        assert all(way == ways[0] for way in ways)


def test_the_refusals_come_in_their_order() -> None:
    naive, nobody = NOON.replace(tzinfo=None), "mei"
    assert type(give(PART, (" ",), by="root", now=naive)) is InvalidArgument
    assert type(give(PART, (" ",), now=naive)) is InvalidInstant
    assert type(give(PART, (" ",))) is InvalidId
    assert give(PART, (nobody,)) == HoldingsNotLoaded(ids=("mei",))
    assert give(evolve(FULL, holdings=Holdings(loaded={nobody})), (nobody,)) == NotEligible(pool="p1", users=("mei",))
    assert give(FULL) == LicensesExhausted(pool="p1", requested=1, shortfall=1)
    assert give(POOL, ("ana",)) == Decision(POOL)


@pytest.mark.parametrize(
    "user", [None, 7, b"luis", "", " luis", "x" * 65, "\u0661", "lu\n", "luis\n", [], Name("luis")]
)
def test_the_one_user_has_an_id(user: Any) -> None:
    for pool in (POOL, PART):
        assert type(give(pool, (user,))) is InvalidId
        assert type(give(pool, [user])) is InvalidId


def test_the_eligible_have_ids_where_they_are_no_set() -> None:
    assert type(give(eligible=["luis", " "])) is InvalidId
    assert type(give(eligible="luis")) is InvalidArgument


def test_an_instant_of_another_zone_is_kept_in_utc() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=2)))
    assert give(now=there).events[0].at.utcoffset() == timedelta(0)
    assert give(now=there) == give()
    assert type(give(now=datetime(1, 1, 1, tzinfo=NOON.tzinfo))) is InvalidInstant


def test_an_actor_of_a_kind_of_its_own_acts_as_well() -> None:
    class Robot(Actor):
        """An actor of the host's."""

        __slots__ = ()

    assert give(by=Robot("root")) == give()


def test_counters_end_where_a_column_does() -> None:
    most = LicensePool(
        id="p1", beneficiary=SALES, bought=1, consumed=MAX_COUNT, held=MAX_COUNT, holdings=Holdings(loaded={"luis"})
    )
    refusal = give(most, switches=Switches(enforce_limit=False))
    assert (type(refusal), refusal.parameter) == (InvalidQuantity, "consumed")
    with pytest.raises(InvalidQuantity):
        apply(most, LicensesAssigned(pool="p1", users=frozenset({"luis"}), by="root", at=NOON))

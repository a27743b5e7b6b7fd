"""Enrollments where what they came through is gone, from the host or from the store."""

from typing import Any

import attrs
import pytest

from licensing_core.checks import TooManyItems
from licensing_core.directory import Content, Scope
from licensing_core.enrollments import (
    EnrollmentLocked,
    NoLicense,
    PoolNotLoaded,
)
from licensing_core.protocols import Store
from licensing_core.services import (
    EnrollMyself,
    Licensing,
    ListEnrollable,
    ReadAccess,
    RecordTransaction,
)
from licensing_core.visibility import ContentNotInPackage, PlanNotVisible
from tests.service_world import (
    AID,
    FIRE,
    TENANT,
    Checked,
    Clock,
    assign,
    buy,
    enroll,
    host,
    refused,
    sent,
    unassign,
)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """A pool s1 of three seats, and a pool p1 of five licenses, one of which u1 has."""
    made = Checked(store, clock=clock)
    for command in (buy("s1", "three"), buy()):
        made.run(command)
    made.run(assign("u1", key="first"))
    return made


def may_enter(licensing: Licensing, user: str, content: Content = FIRE) -> str:
    return licensing.run(ReadAccess(user=user, content=content, tenant=TENANT)).entry.code


class WithoutPlans:
    """The host of the tests, whose plans are gone."""

    def __getattr__(self, name: str) -> Any:
        return getattr(host(), name)

    def offer(self, tenant: str, plan_id: str) -> None:
        return None


def test_where_the_plan_is_gone_nothing_can_be_entered_anew_and_licenses_can_be_taken(
    licensing: Licensing, store: Store
) -> None:
    licensing.run(enroll("u1", key="k1", pool="p1"))
    left = Licensing(store, WithoutPlans(), Clock())
    assert may_enter(left, "u1") == "ok"
    assert refused(left.run, EnrollMyself(content=AID, **sent("k2", "u1"))) == NoLicense(content=AID)
    asked = enroll("u1", key="k2", pool="p1", contents=[AID])
    assert refused(left.run, asked) == ContentNotInPackage(pool="p1", contents=(AID,))
    assert left.run(ListEnrollable(pool="p1", tenant=TENANT, actor="root")).contents == ()
    unknown = RecordTransaction(plan="five", pool="p9", beneficiary=Scope.tree("sales"), **sent("k2", "root"))
    assert refused(left.run, unknown) == PlanNotVisible(plan="five")
    assert left.run(unassign("u1", key="k2")).awaiting == ("u1",)
    assert may_enter(left, "u1") == EnrollmentLocked.code


def test_an_enrollment_whose_pool_is_lost_is_no_answer(licensing: Licensing, store: Store) -> None:
    class Lost:
        def begin(self, *, read_only: bool = False) -> Any:
            return NoPools(store.begin(read_only=read_only))

    licensing.run(enroll("u1", key="k1"))
    with pytest.raises(PoolNotLoaded):
        may_enter(Licensing(Lost(), host(), Clock()), "u1")


class NoPools:
    """A unit of work that has lost its pools."""

    def __init__(self, turn: Any) -> None:
        self._turn = turn

    def __enter__(self) -> Any:
        self._inner = self._turn.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._turn.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def pool(self, tenant: str, pool_id: str, users: Any) -> None:
        return None


def test_a_mistake_is_no_answer_to_whether_a_command_may_be_sent(licensing: Licensing) -> None:
    many = attrs.evolve(enroll(key="k"), users=frozenset(f"x{number}" for number in range(10_001)))
    with pytest.raises(TooManyItems):
        licensing.may(many)

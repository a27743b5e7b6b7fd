"""Pools with their enrollments under every order of commands, compared with plain dicts after each."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core import pools
from licensing_core.decisions import Decision
from licensing_core.enrollments import enrolling, events, keeping
from licensing_core.pools import LicensesAssigned
from licensing_core.pools import events as pool_events
from licensing_core.testing.law import LawBroken
from tests.machines import academy_invariants, academy_steps
from tests.machines.academy import ACTORS, BRANCHES, CONTENTS, LICENSES, RESOURCES, USERS
from tests.machines.academy_library import COMMANDS
from tests.machines.academy_plain import SURROUNDINGS, PlainSwitches
from tests.machines.academy_steps import ORDERS, POOLS, SWITCHES, WEIGHTS
from tests.machines.academy_twin import PLAIN, AcademyTwin

people = st.lists(st.sampled_from(USERS), max_size=3)
actors, anybody = st.sampled_from(ACTORS), st.sampled_from(USERS)
any_pool, contents = st.sampled_from(POOLS), st.sampled_from(CONTENTS)
of_licenses = st.sampled_from((*LICENSES, *LICENSES, "s"))
plain_switches = st.builds(PlainSwitches, **{name: st.sampled_from(values) for name, values in SWITCHES.items()})
for_each_pool: dict[str, Any] = {"keys": any_pool, "min_size": len(POOLS)}


class AcademyMachine(RuleBasedStateMachine):
    twin: AcademyTwin

    @initialize(
        bought=st.dictionaries(values=st.integers(0, 6), **for_each_pool),
        switches=st.dictionaries(values=plain_switches, **for_each_pool),
    )
    def open(self, bought: dict[str, int], switches: dict[str, PlainSwitches]) -> None:
        self.twin = AcademyTwin(bought=bought, switches=switches)

    @rule(by=actors, pool=of_licenses, users=people)
    def assign(self, **arguments: Any) -> None:
        self.twin.do("assign", **arguments)

    @rule(by=actors, pool=of_licenses, users=people)
    def unassign(self, **arguments: Any) -> None:
        self.twin.do("unassign", **arguments)

    @rule(by=actors, pool=of_licenses, users=people)
    def confirm(self, **arguments: Any) -> None:
        self.twin.do("confirm", **arguments)

    @rule(by=actors, pool=of_licenses, users=people)
    def reject(self, **arguments: Any) -> None:
        self.twin.do("reject", **arguments)

    @rule(by=actors, pools=st.permutations(LICENSES), users=people)
    def transfer(self, by: str, pools: list[str], users: list[str]) -> None:
        self.twin.do("transfer", by=by, source=pools[0], target=pools[1], users=users)

    @rule(by=actors, pool=any_pool, bought=st.integers(0, 8), drop=st.just([]) | people)
    def resize(self, **arguments: Any) -> None:
        self.twin.do("resize", **arguments)

    @rule(
        by=actors,
        pool=any_pool,
        bought=st.integers(0, 4),
        idle_hours=st.sampled_from((None, 10, 100)),
        stages=st.sampled_from(ORDERS),
    )
    def shrink(self, **arguments: Any) -> None:
        self.twin.do("shrink", **arguments)

    @rule(
        by=actors,
        pool=any_pool,
        users=people,
        contents=st.lists(contents, max_size=2),
        level=st.sampled_from((None, "student")),
        begins=st.sampled_from((None, None, 3)),
        lasts=st.sampled_from((None, 0, 30, 400)),
    )
    def enroll(self, begins: int | None, lasts: int | None, **arguments: Any) -> None:
        since, until = self._instant(begins), self._instant(lasts)
        if since is not None and lasts == 0:
            until = None
        self.twin.do("enroll", since=since, until=until, **arguments)

    @rule(by=anybody, content=contents)
    def self_enroll(self, by: str, content: str) -> None:
        self.twin.do("self_enroll", by=by, content=content)

    @rule(by=actors, place=st.integers(0, 15) | st.none())
    def unenroll(self, by: str, place: int | None) -> None:
        self.twin.do("unenroll", by=by, **self._place(place))

    @rule(by=actors, place=st.integers(0, 15) | st.none())
    def confirm_enrollment(self, by: str, place: int | None) -> None:
        self.twin.do("confirm_enrollment", by=by, **self._place(place))

    @rule(by=actors, place=st.integers(0, 15) | st.none())
    def reject_enrollment(self, by: str, place: int | None) -> None:
        self.twin.do("reject_enrollment", by=by, **self._place(place))

    @rule(by=actors, place=st.integers(0, 15) | st.none(), ends=st.sampled_from((None, -5, 0, 20, 300)))
    def readmit(self, by: str, place: int | None, ends: int | None) -> None:
        self.twin.do("readmit", by=by, **self._place(place), until=self._instant(ends))

    @rule(by=actors, pool=any_pool)
    def renew(self, by: str, pool: str) -> None:
        self.twin.do("renew", by=by, pool=pool)

    def _instant(self, hours: int | None) -> Any:
        return None if hours is None else self.twin.plain.now + timedelta(hours=hours)

    def _place(self, number: int | None) -> dict[str, str]:
        """The pool, user and content of an enrollment that there is; of none, when there is none."""
        known = sorted(self.twin.plain.enrollments)
        if number is None or not known:
            return {"pool": "s", "user": "mei", "content": "course:c1"}
        user, content = known[number % len(known)]
        return {"pool": self.twin.plain.enrollments[user, content].pool, "user": user, "content": content}

    @rule(pool=any_pool, other=plain_switches, name=st.sampled_from(sorted(SWITCHES)))
    def switch(self, pool: str, other: PlainSwitches, name: str) -> None:
        self.twin.change("switch", pool, name, getattr(other, name))

    @rule(user=anybody, branch=st.sampled_from(tuple(BRANCHES)[1:]))
    def move(self, user: str, branch: str) -> None:
        self.twin.change("move", user, branch)

    @rule(user=anybody)
    def join_or_leave(self, user: str) -> None:
        self.twin.change("join_or_leave", user)

    @rule(resource=st.sampled_from(RESOURCES))
    def give_or_take(self, resource: str) -> None:
        self.twin.change("give_or_take", resource)

    @rule(pool=any_pool, content=contents)
    def list_or_not(self, pool: str, content: str) -> None:
        self.twin.change("list_or_not", pool, content)

    @rule(hours=st.integers(1, 300), user=anybody | st.none())
    def wait(self, hours: int, user: str | None) -> None:
        self.twin.change("wait", hours, user)


for holds in academy_invariants.INVARIANTS:

    def _seen(machine: AcademyMachine, holds: Any = holds) -> None:
        holds(machine.twin)

    _seen.__name__ = holds.__name__
    setattr(AcademyMachine, holds.__name__, invariant()(_seen))

TestAcademy = AcademyMachine.TestCase
TestAcademy.settings = settings(stateful_step_count=30)


def test_both_machines_have_every_command_and_every_change() -> None:
    for name in (*COMMANDS, *SURROUNDINGS):
        assert name in vars(AcademyMachine)
    assert set(WEIGHTS) == {*COMMANDS, *SURROUNDINGS}
    assert set(PLAIN) == set(COMMANDS)
    assert len(AcademyMachine().invariants) == len(academy_invariants.INVARIANTS)


# The twin can see


def an_academy(bought: int = 2, **switches: Any) -> AcademyTwin:
    return AcademyTwin(
        bought=dict.fromkeys(POOLS, bought), switches={pool: PlainSwitches(**switches) for pool in POOLS}
    )


def follow(twin: AcademyTwin) -> None:
    for holds in academy_invariants.INVARIANTS:
        holds(twin)


def test_it_finds_a_limit_that_is_one_off(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = pools.Pool.shortfall
    monkeypatch.setattr(pools.Pool, "shortfall", lambda pool, needed, switches: honest(pool, needed, switches) - 1)
    with pytest.raises(LawBroken, match="the library does what the rules say"):
        an_academy(1).do("assign", by="root", pool="a", users=["ana", "luis"])


def test_it_finds_a_release_that_frees_what_awaits_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = pool_events.apply
    twin = an_academy()
    twin.do("assign", by="root", pool="a", users=["ana"])

    def hasty(pool: Any, event: Any) -> Any:
        if isinstance(event, pools.LicensesUnassigned):
            event = evolve(event, released=event.released | event.awaiting, awaiting=frozenset())
        return honest(pool, event)

    monkeypatch.setattr(pool_events, "apply", hasty)
    twin.do("unassign", by="pu", pool="a", users=["ana"])
    with pytest.raises(LawBroken, match="the state is that of the dicts"):
        follow(twin)


def test_it_finds_an_event_that_does_not_say_all(monkeypatch: pytest.MonkeyPatch) -> None:
    twin, honest = an_academy(), pools.renew

    def silent(*arguments: Any, **named: Any) -> Any:
        return Decision(honest(*arguments, **named).state)

    monkeypatch.setattr(pools, "renew", silent)
    twin.do("renew", by="root", pool="b")
    with pytest.raises(LawBroken, match="the events replayed are the state"):
        follow(twin)


def test_it_finds_a_log_that_was_tampered_with() -> None:
    twin = an_academy()
    twin.do("assign", by="root", pool="a", users=["ana"])
    twin.change("wait", 1)
    follow(twin)
    twin.do("assign", by="root", pool="a", users=["luis"])
    twin.change("wait", 1)
    assigned = twin.events[-1]
    assert isinstance(assigned, LicensesAssigned)
    twin.events[-1] = evolve(assigned, users=frozenset({"mei"}))
    with pytest.raises(LawBroken, match="the past can be read back"):
        follow(twin)


@pytest.mark.parametrize(
    ("home", "name", "wrong"),
    [
        (keeping, "_lock", lambda roster, *_: Decision(roster)),
        (enrolling, "expiring_last", lambda found: min(found, key=lambda live: str(live.pool.expires_at))),
        (events, "_counted", lambda pool, event: pool),
    ],
    ids=["nothing is locked", "through the license that expires first", "no seat is used"],
)
def test_the_seeded_steps_find_it(monkeypatch: pytest.MonkeyPatch, home: Any, name: str, wrong: Any) -> None:
    monkeypatch.setattr(home, name, wrong)
    with pytest.raises(LawBroken):
        many_steps(Random(3))


def many_steps(rng: Random) -> None:
    for _ in range(40):
        twin = academy_steps.an_academy(rng)
        for _ in range(50):
            academy_steps.step(twin, rng)
            follow(twin)

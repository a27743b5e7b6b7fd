"""The laws of pools, over cases that hypothesis finds and over seeded ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from licensing_core.checks import InvalidArgument
from licensing_core.directory import Actor, Scope
from licensing_core.plans import Switches
from licensing_core.pools import SHRINK_ORDER, AnyPool, LicensePool, ShrinkStage
from licensing_core.testing import laws_pool_changes as changes
from licensing_core.testing import laws_pools as laws
from licensing_core.testing import strategies_pools as some
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import all_laws, check
from licensing_core.testing.laws_pools import NOON, USERS

EMPTY = LicensePool(id="pool", beneficiary=Scope.branch("sales"), bought=2)
a_bulk = given(some.license_pools(), some.users(), some.users(), some.switches(), some.actors())


@given(some.license_pools(), st.randoms(use_true_random=False))
def test_the_counters_add_up_after_each_command(pool: LicensePool, rng: Random) -> None:
    laws.the_counters_add_up(pool)
    for state, _events in laws.any_history(rng, pool):
        laws.the_counters_add_up(state)


@given(some.license_pools(), some.users(), some.switches())
@example(EMPTY, ["ana", "luis", "mei"], Switches())
@example(EMPTY, ["ana", "luis", "mei"], Switches(overage=Fraction(3, 2)))
@example(EMPTY, ["ana", "luis", "mei"], Switches(overage=Fraction(4, 3)))
def test_an_enforced_limit_is_kept(pool: LicensePool, users: list[str], switches: Switches) -> None:
    laws.an_enforced_limit_is_kept(pool, users, switches)


@given(st.integers(0, 5), st.randoms(use_true_random=False))
def test_enforced_at_every_step_there_is_no_overrun(bought: int, rng: Random) -> None:
    start = LicensePool(id="pool", beneficiary=Scope.branch("sales"), bought=bought)
    assert {state.overrun for state, _ in laws.any_history(rng, start, enforced=True)} <= {0}


@given(some.license_pools(), some.users(), some.switches(), some.actors())
def test_twice_is_once(pool: LicensePool, users: list[str], switches: Switches, by: Actor) -> None:
    laws.twice_is_once(pool, users, switches, by)


@given(some.license_pools(), some.users(), some.switches(), some.actors())
def test_a_release_waits_for_a_superadmin(pool: LicensePool, users: list[str], switches: Switches, by: Actor) -> None:
    laws.a_release_waits_for_a_superadmin(pool, users, switches, by)


@given(some.license_pools(), some.users())
def test_a_rejected_release_is_undone(pool: LicensePool, users: list[str]) -> None:
    laws.a_rejected_release_is_undone(pool, users)


@given(some.license_pools(), some.users(), some.switches(), some.actors())
def test_the_revocation_cap_is_kept(pool: LicensePool, users: list[str], switches: Switches, by: Actor) -> None:
    laws.the_revocation_cap_is_kept(pool, users, switches, by)


@given(
    some.license_pools(),
    some.license_pools(),
    some.users(),
    some.users(),
    some.switches(),
    some.switches(),
    some.actors(),
)
def test_a_transfer_moves_and_conserves(
    source: LicensePool,
    target: LicensePool,
    users: list[str],
    outsiders: list[str],
    source_switches: Switches,
    target_switches: Switches,
    by: Actor,
) -> None:
    eligible = frozenset(USERS) - frozenset(outsiders[:2])
    changes.a_transfer_moves_and_conserves(
        source, evolve(target, id="other"), users, eligible, source_switches, target_switches, by
    )


@given(
    some.license_pools(),
    st.integers(0, 10),
    some.instants(),
    some.instants(),
    st.none() | st.integers(0, 99),
    st.lists(st.sampled_from(SHRINK_ORDER), unique=True),
)
def test_a_shrink_by_its_preview_fits(
    pool: LicensePool,
    bought: int,
    last_active: dict[str, datetime],
    assigned_at: dict[str, datetime],
    idle_hours: int | None,
    order: list[ShrinkStage],
) -> None:
    before = None if idle_hours is None else NOON - timedelta(hours=idle_hours)
    changes.a_shrink_by_its_preview_fits(pool, bought, last_active, assigned_at, before, tuple(order))


@given(some.sold_pools(), st.integers(-9000, 9000), st.sampled_from(changes.ZONES), some.actors())
def test_a_renewal_loses_no_day(pool: AnyPool, hours: int, zone: str, by: Actor) -> None:
    changes.a_renewal_loses_no_day(pool, NOON + timedelta(hours=hours), zone, by)


@given(some.license_pools(), some.license_pools(), some.users(), st.integers(0, 10), some.switches(), some.actors())
def test_questions_agree_with_commands_that_change_pools(
    source: LicensePool, target: LicensePool, users: list[str], bought: int, switches: Switches, by: Actor
) -> None:
    changes.questions_agree_with_commands(source, evolve(target, id="other"), users, bought, switches, by)


@a_bulk
def test_the_order_of_users_does_not_matter(
    pool: LicensePool, users: list[str], eligible: list[str], switches: Switches, by: Actor
) -> None:
    laws.the_order_of_users_does_not_matter(pool, users, eligible, switches, by)


@a_bulk
def test_a_part_of_the_holdings_decides_as_the_whole(
    pool: LicensePool, users: list[str], eligible: list[str], switches: Switches, by: Actor
) -> None:
    laws.a_part_decides_as_the_whole(pool, users, eligible, switches, by)


@a_bulk
def test_questions_agree_with_commands(
    pool: LicensePool, users: list[str], eligible: list[str], switches: Switches, by: Actor
) -> None:
    laws.questions_agree_with_commands(pool, users, eligible, switches, by, len(users))


@given(some.license_pools(), st.randoms(use_true_random=False))
def test_replay_rebuilds_the_pool_as_of_each_instant(pool: LicensePool, rng: Random) -> None:
    laws.replay_rebuilds(pool, tuple(laws.any_history(rng, pool)))


@pytest.mark.parametrize("name", all_laws())
def test_each_law_of_the_library_holds_over_seeded_cases(name: str) -> None:
    assert check(name, 100, seed=20) == check(name, 100, seed=20)


def test_a_broken_law_says_how_to_make_its_case_again(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = LicensePool.shortfall
    monkeypatch.setattr(LicensePool, "shortfall", lambda pool, needed, switches: honest(pool, needed, switches) - 1)
    with pytest.raises(LawBroken, match="L1 an enforced limit is kept") as caught:
        check("L1 an enforced limit is kept", 2000, seed=3)
    again = eval(str(caught.value).split(" in ", 1)[1].split("): ")[0] + ")", {"check": _told(check)})
    assert again == str(caught.value)


def _told(checking: Callable[..., str]) -> Callable[..., str]:
    def told(*arguments: object, **named: object) -> str:
        with pytest.raises(LawBroken) as caught:
            checking(*arguments, **named)
        return str(caught.value)

    return told


def test_an_unknown_law_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="law_name"):
        check("nobody breaks this", 1, seed=1)

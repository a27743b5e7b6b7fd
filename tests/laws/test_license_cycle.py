"""The laws of licenses billed by cycle, over cases that hypothesis finds; the seeded ones run in test_pools.py."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from licensing_core import license_cycle
from licensing_core.directory import Actor
from licensing_core.license_cycle import LicenseAccount
from licensing_core.payments import PaymentOutcome
from licensing_core.testing import laws_license_cycle as laws
from licensing_core.testing import strategies_license_cycle as some


@given(some.accounts())
def test_the_end_of_a_cycle_is_fair(account: LicenseAccount) -> None:
    laws.the_end_of_a_cycle_is_fair(account)


@given(some.accounts(), some.wishes())
def test_buying_and_then_closing_keeps_what_is_in_use(account: LicenseAccount, wanted: dict[str, int]) -> None:
    bought = license_cycle.buy(
        account,
        wanted,
        order_id="o1",
        payment=PaymentOutcome.SUCCEEDED,
        by=Actor("admin"),
        now=account.period.start,
    ).state
    laws.the_end_of_a_cycle_is_fair(bought)


@given(some.accounts(), some.wishes(), st.data())
def test_nothing_appears_unpaid(account: LicenseAccount, wanted: dict[str, int], data: st.DataObject) -> None:
    laws.nothing_appears_unpaid(account, wanted, data.draw(some.moments(account)))


@given(some.accounts(), some.wishes())
def test_a_quote_follows_the_days(account: LicenseAccount, wanted: dict[str, int]) -> None:
    laws.a_quote_follows_the_days(account, wanted)


@given(some.accounts(), st.randoms(use_true_random=False))
def test_replay_rebuilds_the_account(account: LicenseAccount, rng: Random) -> None:
    laws.replay_rebuilds(account, tuple(laws.any_history(rng, account)))


@given(some.accounts(), st.sampled_from(laws.TYPES), st.permutations(laws.USERS), st.data())
def test_a_license_goes_round(account: LicenseAccount, name: str, users: list[str], data: st.DataObject) -> None:
    if account.pool(name).free:
        laws.a_license_goes_round(account, name, users, data.draw(some.moments(account)))

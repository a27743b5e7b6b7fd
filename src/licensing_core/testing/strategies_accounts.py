"""Hypothesis strategies for accounts, what they subscribe to, and their history; needs hypothesis."""

from datetime import datetime, timedelta
from random import Random

from hypothesis import strategies as st

from licensing_core.accounts import AccountSettings, Block, Books, Card, Person
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.subscriptions import SubscriptionTerms
from licensing_core.testing import cases_accounts as cases
from licensing_core.testing.cases_accounts import CAUSES, PEOPLE, START, ZONES, Tenant


def randoms() -> st.SearchStrategy[Random]:
    """Sources of random numbers, of which hypothesis finds those that matter."""
    return st.randoms(use_true_random=False)


def instants() -> st.SearchStrategy[datetime]:
    """Hours of the year after all begins."""
    return st.integers(0, 365 * 24).map(lambda hours: START + timedelta(hours=hours))


def terms(zone: str = ZONES[0]) -> st.SearchStrategy[SubscriptionTerms]:
    """Terms of any price, period and renewal."""
    return randoms().map(lambda rng: cases.any_terms(rng, zone))


@st.composite
def policies(draw: st.DrawFn) -> DunningPolicy:
    """Dunning policies that remind some times, and may suspend and terminate."""
    reminders = draw(st.frozensets(st.integers(0, 60), max_size=3))
    steps = [DunningStep(after_days=days, action=DunningAction.REMIND) for days in reminders]
    for action in (DunningAction.SUSPEND, DunningAction.TERMINATE):
        if draw(st.booleans()):
            days, holdings = draw(st.integers(0, 60)), draw(st.sampled_from(HoldingsEffect))
            steps.append(DunningStep(after_days=days, action=action, holdings=holdings))
    return DunningPolicy(
        proforma_days=draw(st.integers(0, 60)),
        charge_days=draw(st.integers(0, 10)),
        steps=tuple(sorted(steps, key=lambda one: one.after_days)),
    )


def settings() -> st.SearchStrategy[AccountSettings]:
    """Settings of any policy, with or without an administrator and an automatic debit."""
    return st.builds(
        AccountSettings,
        administrator=st.none() | st.sampled_from(PEOPLE),
        choices=st.frozensets(st.sampled_from(("small", "large"))),
        dunning=policies(),
        automatic_debit=st.booleans(),
    )


def blocks() -> st.SearchStrategy[dict[str, Block]]:
    """Blocks by cause, each with an end or none."""
    one = st.builds(Block, since=instants(), until=st.none() | instants())
    return st.dictionaries(st.sampled_from(CAUSES), one)


def people() -> st.SearchStrategy[dict[str, Person]]:
    """Users and contacts by id."""
    one = st.builds(Person, permissions=st.frozensets(st.sampled_from(("pay", "see"))), contact=st.booleans())
    return st.dictionaries(st.sampled_from(PEOPLE), one)


def cards() -> st.SearchStrategy[Card]:
    """Names and addresses."""
    return st.builds(
        lambda name, user, place: Card(name=name, email=f"{user}@{place}"),
        st.text("abc Áñ", min_size=1, max_size=20),
        st.text("abc.+ñ", min_size=1, max_size=20),
        st.text("abc.-", min_size=1, max_size=20),
    )


def tenants(customers: int = 2) -> st.SearchStrategy[Tenant]:
    """Tenants with some customers, to whom nothing has happened yet: see `Tenant.steps()`."""
    return randoms().map(lambda rng: Tenant(rng, customers))


def books() -> st.SearchStrategy[tuple[Books, datetime]]:
    """Books in which something has happened, and when it last did."""
    return randoms().map(cases.any_books)

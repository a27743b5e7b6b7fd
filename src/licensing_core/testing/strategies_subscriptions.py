"""Hypothesis strategies for subscriptions, their terms and their lives; needs hypothesis."""

from datetime import timedelta
from typing import Any, Final

from hypothesis import assume
from hypothesis import strategies as st

from licensing_core.billing import BillingPolicy, FixedDiscount, ItemChange, PercentDiscount, TaxRate, TaxTerms
from licensing_core.billing.taxes import TaxRounding, TaxTreatment
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.plans import Renewal
from licensing_core.subscriptions import RenewalBasis, SubscriptionTerms
from licensing_core.testing import strategies_periods as periods
from licensing_core.testing.cases_subscriptions import STEPS, Life
from licensing_core.testing.laws_proration import CURRENCIES
from licensing_core.testing.strategies_pricing import prices
from licensing_core.testing.strategies_proration import conventions

_SHORTEST: Final = timedelta(hours=20)
"""Of a period; shorter ones make a life of very many."""


def discounts(currency: Currency) -> st.SearchStrategy[tuple[PercentDiscount | FixedDiscount, ...]]:
    """None, some percent, an amount, or both."""
    percent = st.builds(PercentDiscount, id=st.just("coupon"), percent=st.integers(1, 100))
    amount = st.builds(
        FixedDiscount, id=st.just("off"), amount=st.builds(Money, st.integers(1, 9999), st.just(currency))
    )
    return st.one_of(st.just(()), st.tuples(percent), st.tuples(amount), st.tuples(percent, amount))


def policies() -> st.SearchStrategy[BillingPolicy]:
    """Any convention, with taxes on top or within."""
    taxes = st.builds(TaxTerms, treatment=st.sampled_from(TaxTreatment), rounding=st.sampled_from(TaxRounding))
    return st.builds(BillingPolicy, convention=conventions(), taxes=taxes)


@st.composite
def terms(draw: st.DrawFn, /, **others: Any) -> SubscriptionTerms:
    """Terms of any price, length, zone and convention that go together; *others* are as they are given."""
    currency = draw(st.sampled_from(CURRENCIES))
    vat = TaxRate(id="vat", percent=draw(st.integers(1, 30)))  # type: ignore[arg-type]
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "item": st.just("base"),
        "price": prices(currency),
        "quantity": st.integers(1, 50),
        "every": periods.durations(),
        "zone": periods.zones(),
        "renewal": st.sampled_from(Renewal),
        "most_renewals": st.none() | st.integers(0, 5),
        "basis": st.sampled_from(RenewalBasis),
        "discounts": discounts(currency),
        "rates": st.sampled_from(((), (vat,))),
        "policy": policies(),
    }
    return SubscriptionTerms(**{name: others[name] if name in others else draw(one) for name, one in drawn.items()})


def changes(currency: Currency) -> st.SearchStrategy[ItemChange]:
    """Another quantity, price, coupon or interval, or more than one of them."""
    return st.builds(
        ItemChange,
        quantity=st.none() | st.integers(1, 50),
        price=st.none() | prices(currency),
        discounts=st.none() | discounts(currency),
        every=st.none() | st.none() | periods.durations(whole_days=True),
    )


@st.composite
def lives(draw: st.DrawFn, of: st.SearchStrategy[SubscriptionTerms] | None = None, *, most: int = 20) -> Life:
    """Lives of any terms, that were led through up to *most* commands, as `cases_subscriptions` has them."""
    rng = draw(st.randoms(use_true_random=False))
    own, at = draw(terms() if of is None else of), draw(periods.instants())
    trial = draw(st.sampled_from((None, None, timedelta(hours=5), timedelta(days=40))))
    try:
        life = Life(own, at, trial_ends=None if trial is None else at + trial, converts=draw(st.booleans()))
        period = own.cycle_from(at).period_at(at)
    except LicensingError:
        assume(False)
        raise
    assume(period.end - period.start > _SHORTEST)
    if draw(st.booleans()):
        life.pay()
    for name in draw(st.lists(st.sampled_from(list(STEPS)), max_size=most)):
        STEPS[name][1](rng, life)
    return life

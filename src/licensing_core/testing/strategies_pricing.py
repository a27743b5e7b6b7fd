"""Hypothesis strategies for prices by quantity and for price lists; needs hypothesis."""

from typing import Final

from hypothesis import strategies as st

from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.pricing import (
    FlatPrice,
    PackagePrice,
    Price,
    PriceList,
    PriceVersion,
    Tier,
    TieredPrice,
    Tiering,
    UnitPrice,
)
from licensing_core.testing import strategies_periods as periods
from licensing_core.testing.laws_proration import CURRENCIES

_MOST: Final = 10**6


@st.composite
def tiers(draw: st.DrawFn, currency: Currency, *, at_most: int = 5) -> tuple[Tier, ...]:
    """1 to *at_most* tiers in *currency* that cover every quantity.

    They are short, so that small quantities reach the last one; some have a flat part, some cost nothing.
    """
    ends: list[int | None] = [*sorted(draw(st.sets(st.integers(1, 60), max_size=at_most - 1))), None]
    flat = st.none() | _amounts(currency)
    return tuple(Tier(up_to=end, unit=draw(_amounts(currency)), flat=draw(flat)) for end in ends)


def _amounts(currency: Currency) -> st.SearchStrategy[Money]:
    return st.builds(Money, st.integers(0, 20) | st.integers(0, _MOST), st.just(currency))


@st.composite
def prices(draw: st.DrawFn, currency: Currency | None = None) -> Price:
    """Prices of every kind in *currency* (of 0, 2 or 3 digits, when None); some have included units and a minimum."""
    of = draw(st.sampled_from(CURRENCIES)) if currency is None else currency
    amount = draw(_amounts(of))
    included, minimum = draw(st.sampled_from((0, 0, 1, 7, 50))), draw(st.none() | _amounts(of))
    size = draw(st.sampled_from((1, 3, 10, 1000)))
    return draw(
        st.one_of(
            st.just(FlatPrice(amount)),
            st.just(UnitPrice(amount, per=size, included=included, minimum=minimum)),
            st.just(PackagePrice(amount, size, included=included, minimum=minimum)),
            st.builds(
                TieredPrice,
                tiers(of),
                st.sampled_from(Tiering),
                included=st.just(included),
                minimum=st.just(minimum),
            ),
        )
    )


@st.composite
def price_lists(draw: st.DrawFn, currency: Currency | None = None) -> PriceList:
    """Price lists of one to four versions, each with a price in one currency, the same in all of them."""
    of = draw(st.sampled_from(CURRENCIES)) if currency is None else currency
    since = sorted(draw(st.sets(periods.instants(), min_size=1, max_size=4)))
    return PriceList("list", tuple(PriceVersion(effective, (draw(prices(of)),)) for effective in since))

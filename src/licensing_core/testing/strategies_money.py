"""Hypothesis strategies for money; needs hypothesis."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from licensing_core.currencies import known_currencies
from licensing_core.money import MAX_MINOR, AllocationMethod, Currency, Money, Rounding


def currencies() -> st.SearchStrategy[Currency]:
    """Any currency; those of the fewest common decimals first, so that a failure shrinks to a plain one."""
    by_digits = [[c for c in known_currencies() if c.digits == digits] for digits in (2, 0, 3, 4)]
    return st.one_of(*(st.sampled_from(group) for group in by_digits))


def amounts(currency: Currency | None = None, *, most: int = MAX_MINOR) -> st.SearchStrategy[Money]:
    """Amounts of *currency* (of any, when None) of at most *most* minor units, negative ones too."""
    of = currencies() if currency is None else st.just(currency)
    return st.builds(Money, st.integers(-most, most) | st.integers(-1000, 1000), of)


def pairs(*, most: int = MAX_MINOR // 2) -> st.SearchStrategy[tuple[Money, Money]]:
    """Two amounts of one currency, whose sum is in bounds."""
    return currencies().flatmap(lambda currency: st.tuples(amounts(currency, most=most), amounts(currency, most=most)))


def weights(*, at_most: int = 12) -> st.SearchStrategy[Sequence[int | Fraction]]:
    """1 to *at_most* weights that `allocate()` takes: whole numbers and fractions, zeros among them."""
    one: st.SearchStrategy[int | Fraction] = st.one_of(
        st.integers(0, 4), st.integers(0, 10**18), st.fractions(0, 100, max_denominator=1000)
    )
    return st.lists(one, min_size=1, max_size=at_most).filter(any)


def units() -> st.SearchStrategy[int]:
    """Smallest steps of a part, in minor units."""
    return st.sampled_from([1, 5, 10, 100, 7])


def shares() -> st.SearchStrategy[Fraction]:
    """Exact numbers from 0 to 1."""
    return st.fractions(0, 1, max_denominator=10**6)


def methods() -> st.SearchStrategy[AllocationMethod]:
    """Every way to give out what is left."""
    return st.sampled_from(AllocationMethod)


def roundings() -> st.SearchStrategy[Rounding]:
    """Every rounding mode."""
    return st.sampled_from(Rounding)

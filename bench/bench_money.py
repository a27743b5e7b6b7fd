"""Money against py-moneyed and stockholm."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import repeat

import moneyed
import stockholm

from bench.harness import Row
from licensing_core.money import Currency, Money

EUR = Currency("EUR")
BATCH = 100
"""Operations in one call, so that the call itself hardly counts."""
WEIGHTS = [3, 5, 7, 11, 13, 17, 19]


def rows() -> list[Row]:
    """Goals 1 to 5, and what a caller with weights of his own may expect."""
    ours, theirs, other = (
        Money(123456, EUR),
        moneyed.Money("1234.56", "EUR"),
        stockholm.Money("1234.56", "EUR"),
    )
    ours_2, theirs_2, other_2 = Money(789, EUR), moneyed.Money("7.89", "EUR"), stockholm.Money("7.89", "EUR")
    share = Fraction(17, 31)
    many = [Money(minor, EUR) for minor in range(1000)]
    their_many = [moneyed.Money(Decimal(minor) / 100, "EUR") for minor in range(1000)]

    def scaled() -> None:
        for _ in repeat(None, BATCH):
            ours.scaled(share)

    def their_scaled() -> None:
        for _ in repeat(None, BATCH):
            (theirs * 17 / 31).round(2)  # type: ignore[union-attr]

    def each(operation: Callable[[], object]) -> Callable[[], None]:
        def batch() -> None:
            for _ in repeat(None, BATCH):
                operation()

        return batch

    def row(
        goal: str, what: str, peer: str, mine: Callable[[], object], his: Callable[[], object], **more: float
    ) -> Row:
        return Row(goal, what, peer, mine, his, ours_per=BATCH, theirs_per=BATCH, **more)  # type: ignore[arg-type]

    add, their_add, other_add = _adding(ours, ours_2), _adding(theirs, theirs_2), _adding(other, other_2)
    even, by_hand = each(lambda: ours.split(7)), each(lambda: _split_by_hand(theirs, 7))
    weighed, by_hand_weighed = (
        each(lambda: ours.allocate(WEIGHTS)),
        each(lambda: _allocate_by_hand(theirs, WEIGHTS)),
    )
    listed = each(lambda: ours.allocate([1] * 7))
    return [
        row("1", "Money + Money", "py-moneyed", add, their_add, at_least=2.0),
        row("2", "Money + Money", "stockholm", add, other_add, at_least=16),
        row(
            "3",
            "Money x Fraction, rounded",
            "py-moneyed (m * n / d).round(2)",
            scaled,
            their_scaled,
            at_least=4.2,
        ),
        Row(
            "4",
            "Money.sum of 1000, per item",
            "sum() of py-moneyed",
            lambda: Money.sum(many, EUR),
            lambda: sum(their_many),
            at_least=16,
            ours_per=1000,
            theirs_per=1000,
        ),
        row("5", "split into 7, exact", "py-moneyed by hand", even, by_hand, at_least=3.8),
        row("", "allocate by a list of 7 equal weights", "py-moneyed by hand, split", listed, by_hand),
        row("", "allocate by 7 weights, largest remainder", "py-moneyed by hand", weighed, by_hand_weighed),
    ]


def _adding(left: object, right: object) -> Callable[[], None]:
    def batch(left: object = left, right: object = right) -> None:
        for _ in repeat(None, BATCH):
            left + right  # type: ignore[operator]

    return batch


def _split_by_hand(money: moneyed.Money, count: int) -> list[moneyed.Money]:
    """What a careful user of py-moneyed writes: whole cents, the first parts a cent larger."""
    cents, left = divmod(int(money.amount * 100), count)
    currency = money.currency
    return [moneyed.Money(Decimal(cents + (place < left)).scaleb(-2), currency) for place in range(count)]


def _allocate_by_hand(money: moneyed.Money, weights: list[int]) -> list[moneyed.Money]:
    total, base = int(money.amount * 100), sum(weights)
    cuts = [divmod(total * weight, base) for weight in weights]
    cents = [cut[0] for cut in cuts]
    for place in sorted(range(len(weights)), key=lambda place: -cuts[place][1])[: total - sum(cents)]:
        cents[place] += 1
    currency = money.currency
    return [moneyed.Money(Decimal(part).scaleb(-2), currency) for part in cents]

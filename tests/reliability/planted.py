"""R5: the harnesses can see. Each plants bugs, one at a time, and must find every one of them.

`python -m tests.reliability.planted`
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import license_cycle, proration
from licensing_core.billing import CreditLine, Discount, FixedDiscount, ItemChange, LineValue, discounts
from licensing_core.currencies import Currency
from licensing_core.license_cycle import LicenseAccount, closing, purchase
from licensing_core.money import Money, Rounding
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, MonthEnd, Period, Span
from licensing_core.proration import Convention, Stage, amounts
from tests.reliability import (
    account_plants,
    credit_plants,
    credit_worlds,
    diff_adapters_plants,
    jobs,
    laws,
    limit_plants,
    machine,
    partner,
    payment_plants,
    pool_plants,
    race_plants,
    subscription_plants,
    visibility_plants,
    visibility_worlds,
    webhook_plants,
    zones,
)
from tests.reliability.figures import Figures

Plant = Callable[[], AbstractContextManager[Any]]


def _today_left_out() -> AbstractContextManager[Any]:
    """The day of the purchase is not billed."""

    def from_tomorrow(period: Span, today: date) -> Span | None:
        later = date.fromordinal(max(today, period.start).toordinal() + 1)
        return Span(later, period.end) if later < period.end else None

    stack = patch.multiple(proration, unused=from_tomorrow)
    return _both(stack, patch.object(purchase, "unused", from_tomorrow))


@contextmanager
def _both(one: Any, other: Any) -> Iterator[None]:
    with one, other:
        yield


def _cut_down() -> AbstractContextManager[Any]:
    """Lines are rounded down instead of half up."""
    honest = amounts.in_money

    def downwards(exact: Fraction, currency: Currency, convention: Convention) -> Money:
        return honest(exact, currency, evolve(convention, mode=Rounding.DOWN))

    return patch.object(amounts, "in_money", downwards)


def _share_rounded_first() -> AbstractContextManager[Any]:
    """The share is cut to two decimals before the price is multiplied with it."""

    def rough(line: amounts.Prorated) -> tuple[Fraction, list[amounts.Step]]:
        return line.exact_price * Fraction(round(line.portion.share * 100), 100), []

    return patch.dict(amounts._STAGES, {Stage.LINE: rough})


def _given_back_unpaid() -> AbstractContextManager[Any]:
    """What was never paid comes back as credit."""
    honest = LineValue.credit_of

    def generous(line: LineValue, *args: Any, **more: Any) -> CreditLine:
        found = honest(line, *args, **more)
        return evolve(found, relief=Money.zero(found.currency))

    return patch.object(LineValue, "credit_of", generous)


def _credited_again() -> AbstractContextManager[Any]:
    """A line forgets what was taken off it."""

    def forgetful(line: LineValue, credit: CreditLine, _document: str) -> LineValue:
        return evolve(line, returned=line.returned + min(credit.credit, line.paid - line.returned))

    return patch.object(LineValue, "with_credit", forgetful)


def _last_change_only() -> AbstractContextManager[Any]:
    """Of several changes due at one instant only the last is carried out."""
    return patch.object(ItemChange, "over", lambda change, _earlier: change)


def _discount_for_each_line() -> AbstractContextManager[Any]:
    """A fixed discount is given to each line in full."""

    def in_full(left: Sequence[Fraction], discount: Discount) -> list[Fraction]:
        amount = Fraction(discount.amount.minor) if isinstance(discount, FixedDiscount) else Fraction(0)
        return [min(price, amount) for price in left]

    return patch.object(discounts, "_off", in_full)


def _minimum_ignored() -> AbstractContextManager[Any]:
    """The end of a cycle keeps what is in use, even below the contract minimum."""
    honest = closing.close_cycle

    def greedy(account: LicenseAccount, **more: Any) -> Any:
        types = {name: evolve(one, minimum=0) for name, one in account.types.items()}
        decision = honest(evolve(account, types=types), **more)
        return evolve(decision, state=evolve(decision.state, types=account.types))

    return patch.object(license_cycle, "close_cycle", greedy)


def _usable_unpaid() -> AbstractContextManager[Any]:
    """A pending order is treated as paid."""
    honest = purchase.buy

    def trusting(account: LicenseAccount, wanted: Mapping[str, int], *, payment: Any, **more: Any) -> Any:
        if payment is PaymentOutcome.PENDING:
            payment = PaymentOutcome.SUCCEEDED
        return honest(account, wanted, payment=payment, **more)

    return patch.object(license_cycle, "buy", trusting)


class Drifting:
    """Boundary k counted from boundary k - 1, so that day 31 never comes back."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle
        if cycle.month_end is MonthEnd.CLAMP and cycle.every.months and cycle.anchor_day is None:
            self.cycle = evolve(cycle, month_end=MonthEnd.CLAMP_FROM_PREVIOUS)

    def boundary(self, k: int, /) -> datetime:
        return self.cycle.boundary(k)

    def period_at(self, at: datetime, /) -> Period:
        return self.cycle.period_at(at)


def _zone_faults(figures: Mapping[str, int]) -> bool:
    return any(figures[fault] for fault in zones.FAULTS)


def found_by(harness: Callable[[], Figures], plant: Plant) -> bool:
    """Whether *harness* finds what *plant* plants."""
    with plant():
        return bool(harness().violations)


def first_broken(cases: int, seed: int) -> Figures:
    """The first law that a tenth of *cases* cases of all laws finds broken, or else all of them, if any."""
    for tried in (cases // 10, cases):
        for task in laws.tasks_for(tried, seed):
            _digest, wrong = laws.check_task(task)
            if wrong:
                return Figures(tried, (wrong,))
    return Figures(cases)


def broken(law: str, cases: int, seed: int) -> Figures:
    """Whether a tenth of *cases* cases of *law* break it, or else all of them."""
    for tried in (cases // 10, cases):
        _digest, wrong = laws.check_task((law, tried, seed, 0))
        if wrong:
            return Figures(tried, (wrong,))
    return Figures(cases)


def first_wrong(commands: int, seed: int) -> Figures:
    """What goes wrong first in a partner's year of an eighth of *commands* commands, or else of all of them."""
    tried = partner.run(commands // 8, seed)
    return tried if tried.violations else partner.run(commands, seed)


def first_late(runs: int, seed: int) -> Figures:
    """What a tenth of *runs* runs of the jobs find, or else all of them."""
    tried = jobs.run(runs // 10, seed, enough=1)
    return tried if tried.violations else jobs.run(runs, seed, enough=1)


def all_planted(seed: int) -> list[tuple[str, Callable[[], Figures], Plant]]:
    """Each bug: the name of the harness that is to find it, the harness, and what plants it."""
    by_laws = partial(first_broken, 10_000, seed)
    by_machine = partial(machine.run, 10_000, seed, enough=1)
    by_worlds = partial(visibility_worlds.run, 20_000, seed, enough=1)
    by_credit_laws = partial(credit_plants.first_broken, 1_000, seed)
    by_credit_worlds = partial(credit_worlds.run, 3_000, seed, enough=1)
    by_jobs = partial(first_late, 400, seed)
    by_years = partial(first_wrong, 24_000, seed)
    both = (*pool_plants.PLANTS, _today_left_out, _cut_down, _minimum_ignored, _usable_unpaid)
    money_alone = (
        _share_rounded_first,
        _given_back_unpaid,
        _credited_again,
        _last_change_only,
        _discount_for_each_line,
    )
    return [
        *(("laws", by_laws, plant) for plant in (*both, *money_alone, *limit_plants.PLANTS)),
        *(("machine", by_machine, plant) for plant in both),
        *(("visibility", by_worlds, plant) for plant in visibility_plants.PLANTS),
        *(("credit laws", by_credit_laws, plant) for plant in credit_plants.IN_COMMANDS),
        *(("credit worlds", by_credit_worlds, plant) for plant in credit_plants.IN_RUNS),
        *((law, partial(broken, law, 2_000, seed), plant) for plant, law in subscription_plants.PLANTS.items()),
        *(("a partner's year", by_years, plant) for plant in account_plants.IN_YEARS),
        *(("jobs", by_jobs, plant) for plant in account_plants.IN_JOBS),
        *race_plants.planted(seed),
        *diff_adapters_plants.planted(seed),
        *payment_plants.planted(seed),
        *webhook_plants.planted(seed),
    ]


def _missed(task: tuple[int, int, int]) -> tuple[int, list[str]]:
    """How many bugs were planted, every *step* of them from number *first* on, and which of them were not found."""
    seed, first, step = task
    planted = all_planted(seed)[first::step]
    missed = [f"{name} did not find {bug.__name__}" for name, harness, bug in planted if not found_by(harness, bug)]
    return len(planted), missed


def run(seed: int, one_in: int = 1, jobs: int = 1) -> Figures:
    """Plant every bug in turn, or *one_in* so many, in *jobs* processes; a violation is a bug that was not found."""
    tasks = [(seed, number * one_in, jobs * one_in) for number in range(jobs)]
    if jobs == 1:
        found = [*map(_missed, tasks)]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = [*workers.map(_missed, tasks)]
    total, missed = sum(number for number, _ in found) + 1, [one for _, some in found for one in some]
    if not _zone_faults(zones.run(0, seed, Drifting)):
        missed.append("zones did not find Drifting")
    return Figures(total, tuple(missed), note=f"planted: {total - len(missed)} of {total} found")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=5)
    seed = parser.parse_args().seed
    return run(seed, jobs=2).tell("planted", seed)


if __name__ == "__main__":
    sys.exit(main())

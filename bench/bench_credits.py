"""Credits burned down and spent, against themselves at a hundredth of the size and against two loops by hand: goal 5.

In 90 days there are ten records for each grant. Half of the grants start during the run; two in three expire, one in
five is topped up every seven days, and the count begins anew four times, of which each grant has its rollover. All has
some priority of five, and now and then nothing is left. Grants, records and balances are made before the clock starts.

itself
    What a record takes with a hundredth of the grants and records; log n is 1.7 times as much.
a list sorted for each record
    What may be spent, put in order anew whenever something is: plain, and what metering engines do for each phase.
one sorted list, bare ints
    The same list, kept in order by `bisect`, and a dict of ints: no totals by kind, nothing frozen, no older versions.

`spend()` is the whole command, and the accounts have the same grants that are spent first, so that the events are
equal. All sides come to the same balances, or there is no table.
"""

from bisect import insort
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from math import sqrt
from operator import itemgetter
from random import Random
from typing import Any, NamedTuple

from attrs import evolve

from bench.harness import Row
from licensing_core.credits import (
    Balances,
    CreditAccount,
    Grant,
    Rollover,
    UsageRecord,
    balances_at,
    burn_down,
    can_spend,
    spend,
)
from licensing_core.directory import Actor
from licensing_core.periods import Cycle, Duration

SMALL, FAIR, MIDDLE, LARGE = 100, 500, 1_000, 10_000
EACH = 10
"""Records for each grant."""
START, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 90
UNTIL = START + timedelta(days=DAYS)
SECONDS = 86_400 * DAYS
QUIET, BUSY = 120, 700
"""How much one record is at most: on most days, and on those before a new count."""
RESETS = tuple(START + timedelta(days=day) for day in (20, 40, 60, 80))
WEEK = timedelta(days=7)
ENDS, ANEW, STARTS, USED = range(4)
NEVER = datetime.max.replace(tzinfo=UTC)

NOW, BY = START + timedelta(days=45), Actor("ana")
AMOUNTS = range(1, 32)

Key = tuple[int, datetime, datetime, str]
Outcome = tuple[dict[str, int], int, int]
"""What is left of the grants of which something is, what is owed, and what was used since the count began."""


class Case(NamedTuple):
    """So many grants and records; and what happens to the grants in order, as the loops by hand have it."""

    grants: dict[str, Grant]
    balances: Balances
    records: Sequence[UsageRecord]
    agenda: Sequence[tuple[datetime, int, Any]]


@cache
def case(count: int) -> Case:
    grants = [a_grant(number) for number in range(count)]
    records = [a_record(number) for number in range(EACH * count)]
    by_id = {grant.id: grant for grant in grants}
    resets = [(at, ANEW, ()) for at in RESETS]
    return Case(by_id, balances_at(grants, START), records, sorted([*agenda(grants), *resets]))


def spread(number: int, over: int, root: int) -> int:
    """A number from 0, less than *over*; of many *number* they lie evenly, so that a small case is like a large one."""
    return int(number * sqrt(root) % 1 * over)


def a_grant(number: int) -> Grant:
    begins = START + timedelta(seconds=spread(number, SECONDS, 2)) if number % 2 else START
    lasts = timedelta(seconds=1 + spread(number, SECONDS, 3))
    return Grant(
        id=f"g{spread(number, 10**12, 5):012d}",
        amount=1 + spread(number, 1000, 6),
        priority=spread(number, 5, 7) - 2,
        effective=begins,
        expires=begins + lasts if number % 3 else None,
        recurrence=Cycle(begins, Duration(days=7), "UTC") if number % 5 == 0 else None,
        rollover=Rollover(least=50 * (number % 4 == 0), most=(50, 300, 1000)[spread(number, 3, 10)]),
    )


def a_record(number: int) -> UsageRecord:
    """Most is spent in the days before the count begins anew."""
    at = spread(number, SECONDS, 2)
    busy = at // 86_400 % 20 >= 17
    return UsageRecord(START + timedelta(seconds=at), 1 + spread(number, BUSY if busy else QUIET, 3))


def agenda(grants: Sequence[Grant]) -> list[tuple[datetime, int, Any]]:
    """The starts, top-ups and ends of *grants* after the beginning, up to the end of the run."""
    found: list[tuple[datetime, int, Any]] = []
    for grant in grants:
        ends, at = grant.expires or NEVER, grant.effective
        found.append((ends, ENDS, order(grant)))
        while at <= UNTIL and at < ends:
            found.append((at, STARTS, order(grant)))
            at = at + WEEK if grant.recurrence is not None else NEVER
    return [one for one in found if START < one[0] <= UNTIL]


def order(grant: Grant) -> Key:
    return (grant.priority, grant.expires or NEVER, grant.effective, grant.id)


class ByHand:
    """The loops by hand. *listed*: the keys of what may be spent, in order; of some of them nothing is left."""

    def __init__(self, of: Case, *, anew: bool) -> None:
        self.of, self.anew = of, anew
        self.left = {name: grant.amount if grant.effective == START else 0 for name, grant in of.grants.items()}
        self.listed = self.in_order()
        self.overage = self.used = self.dry = 0

    def in_order(self) -> list[Key]:
        return sorted(order(self.of.grants[name]) for name, left in self.left.items() if left)

    def run(self) -> Outcome:
        usage = [(record.at, USED, record.amount) for record in self.of.records]
        for at, kind, what in sorted([*self.of.agenda, *usage], key=itemgetter(0, 1)):
            if kind == USED:
                self.use(what)
            elif kind == STARTS:
                self.fill(what)
            elif kind == ENDS:
                self.left[what[-1]] = 0
            else:
                self.begin_anew(at)
        return {name: left for name, left in self.left.items() if left}, self.overage, self.used

    def use(self, amount: int) -> None:
        self.used += amount
        if self.anew:
            self.listed = self.in_order()
        listed, left, gone = self.listed, self.left, 0
        while amount and gone < len(listed):
            name = listed[gone][-1]
            burned = min(amount, left[name])
            amount, left[name] = amount - burned, left[name] - burned
            gone += not left[name]
        del listed[:gone]
        self.overage += amount
        self.dry += amount > 0

    def fill(self, key: Key) -> None:
        name = key[-1]
        idle, full = not self.left[name], max(self.left[name], self.of.grants[name].amount)
        paid = min(self.overage, full)
        self.overage, self.left[name] = self.overage - paid, full - paid
        if idle:
            insort(self.listed, key)

    def begin_anew(self, at: datetime) -> None:
        for name, grant in self.of.grants.items():
            if grant.effective < at < (grant.expires or NEVER):
                self.left[name] = min(grant.rollover.most, max(grant.rollover.least, self.left[name]))
        self.overage = self.used = 0
        self.listed = self.in_order()


def burned(count: int) -> Callable[[], Balances]:
    """Burn all down."""
    _, balances, records, _ = case(count)
    return lambda: burn_down(balances, records, until=UNTIL, resets=RESETS, keep_overage=False)


def by_hand(count: int, *, anew: bool) -> Callable[[], Outcome]:
    of = case(count)
    return lambda: ByHand(of, anew=anew).run()


def outcome(balances: Balances) -> Outcome:
    left = {name: entry.balance for name, entry in balances.entries.items() if entry.balance}
    return left, balances.overage, balances.used


@cache
def agreed(count: int) -> None:
    """See to it that the run ends as one sorted list does, and that now and then nothing is left."""
    of, whole, list_of_all = case(count), burned(count)(), ByHand(case(count), anew=False)
    if list_of_all.run() != outcome(whole) or not 0 < list_of_all.dry < len(of.records) / 4:
        raise AssertionError(count)


@cache
def agreed_anew(count: int) -> None:
    """See to it that it ends as a list that is sorted for each record."""
    if by_hand(count, anew=True)() != outcome(burned(count)()):
        raise AssertionError(count)


class Later:
    """A side of a row that is made ready, and seen to agree, at the first call: rows are listed in each process."""

    def __init__(self, make: Callable[[], Callable[[], object]], check: Callable[[], object]) -> None:
        self.make, self.check = make, check
        self.ready: Callable[[], object] | None = None

    def __call__(self) -> object:
        if self.ready is None:
            self.check()
            self.ready = self.make()
        return self.ready()


@cache
def account(later: int = 0, closed: int = 0) -> CreditAccount:
    """A hundred open grants and *later* ones that are spent after them, and *closed* ones that have expired."""
    opened = [Grant(id=f"g{n:06d}", amount=100_000, effective=START, expires=UNTIL) for n in range(SMALL)]
    others = [Grant(id=f"h{n:06d}", amount=100_000, effective=START, priority=1) for n in range(later)]
    ended = [Grant(id=f"e{n:06d}", amount=5, effective=START, expires=RESETS[0], priority=-1) for n in range(closed)]
    grants = [*opened, *others, *ended]
    Random(20).shuffle(grants)  # as hashes are, in memory
    return CreditAccount(
        id="acme", zone="Europe/Madrid", balances=burn_down(balances_at(grants, START), [], until=NOW - WEEK)
    )


@cache
def loaded(later: int = 0, closed: int = 0) -> CreditAccount:
    """The same as a store gives it, which keeps nothing of what was worked out before."""
    this = account(later, closed)
    return evolve(this, balances=evolve(this.balances))


def spent(later: int = 0, closed: int = 0, get: Callable[[int, int], CreditAccount] = loaded) -> Later:
    """Spend each of the amounts of the same account."""

    def make() -> Callable[[], None]:
        this = get(later, closed)

        def each() -> None:
            for amount in AMOUNTS:
                spend(this, amount, by=BY, now=NOW)

        return each

    return Later(make, lambda: spent_alike(later, closed))


def in_a_row(later: int = 0, closed: int = 0) -> Later:
    """Spend a thousand times, each time of what the spending before has left."""

    def make() -> Callable[[], CreditAccount]:
        start = loaded(later, closed)

        def chain() -> CreditAccount:
            this = start
            for _ in range(1000):
                this = spend(this, 250, by=BY, now=NOW).state
            return this

        return chain

    return Later(make, lambda: spent_alike(later, closed))


def asked(later: int = 0) -> Later:
    """Ask for each of the amounts."""

    def make() -> Callable[[], None]:
        this = loaded(later, 0)

        def each() -> None:
            for amount in AMOUNTS:
                can_spend(this, amount, by=BY, now=NOW)

        return each

    return Later(make, lambda: spent_alike(later, 0))


@cache
def spent_alike(later: int, closed: int) -> None:
    """See to it that the events are those of the small account, a thousand in a row, and the balances too."""
    small, this = loaded(0, 0), loaded(later, closed)
    before = this.balances.available
    for amount in [*AMOUNTS, *[250] * 1000]:
        one, other = spend(small, amount, by=BY, now=NOW), spend(this, amount, by=BY, now=NOW)
        if one.events != other.events:
            raise AssertionError(amount)
        small, this = one.state, other.state
    if this.balances.available != before - small.balances.burned or small.balances.burned != 250_496:
        raise AssertionError(this.balances)
    if {name: this.balances.entries[name] for name in small.balances.entries} != dict(small.balances.entries):
        raise AssertionError(this.balances)


def rows() -> list[Row]:
    """The rows of goal 5: what burning down takes for each record, and what spending takes."""
    return [*_burning(), *_spending()]


def _burning() -> list[Row]:
    def row(what: str, peer: str, ours: int, theirs: Callable[[], object], size: int, **more: Any) -> Row:
        mine = Later(lambda: burned(ours), lambda: agreed(ours))
        return Row(what=what, peer=peer, ours=mine, theirs=theirs, ours_per=EACH * ours, theirs_per=EACH * size, **more)

    small = Later(lambda: burned(SMALL), lambda: agreed(SMALL))
    anew = Later(lambda: by_hand(FAIR, anew=True), lambda: agreed_anew(FAIR))
    ints = Later(lambda: by_hand(MIDDLE, anew=False), lambda: agreed(MIDDLE))
    many, some = "a record of 100,000, 10,000 grants", "a record of 10,000, 1,000 grants"
    few = "of 1,000, 100 grants"
    return [
        row(many, few, LARGE, small, SMALL, goal="5a", at_most=2.2),
        row(some, few, MIDDLE, small, SMALL, goal="5a", at_most=1.7),
        row("a record of 5,000, 500 grants", "a list sorted for each record", FAIR, anew, FAIR, goal="5b", at_least=5),
        row(some, "one sorted list, bare ints", MIDDLE, ints, MIDDLE, goal=""),
    ]


def _spending() -> list[Row]:
    many, few = LARGE - SMALL, "of 100 open grants"

    def row(what: str, ours: Later, theirs: Later, **more: Any) -> Row:
        each = {"ours_per": len(AMOUNTS), "theirs_per": len(AMOUNTS), "goal": "5c", **more}
        return Row(what=what, peer=few, ours=ours, theirs=theirs, **each)

    a_row = {"ours_per": 1000, "theirs_per": 1000}
    return [
        row("spend(), 10,000 open grants", spent(many), spent(), at_most=1.25),
        row("spend(), 10,000 closed ones beside them", spent(0, LARGE), spent(), at_most=1.25),
        row("can_spend(), 10,000 open grants", asked(many), asked(), at_most=1.25),
        row("spend() in a row, 10,000 open grants", in_a_row(many), in_a_row(), at_most=1.5, **a_row),
        row("spend() in a row, 10,000 closed ones", in_a_row(0, LARGE), in_a_row(), at_most=1.5, **a_row),
        row("spend(), 1,000 just closed without a spend", spent(0, MIDDLE, account), spent(), goal=""),
    ]

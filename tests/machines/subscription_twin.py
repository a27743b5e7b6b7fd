"""A subscription of the library, and the same in its plainest form, led through the same commands day by day."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import evolve

from licensing_core import subscriptions as library
from licensing_core.billing import ItemChange, When
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Renewal
from licensing_core.pricing import UnitPrice
from licensing_core.subscriptions import EndOf, SubscriptionTerms
from licensing_core.testing.cases_subscriptions import Life
from licensing_core.testing.law import require
from tests.machines import subscription_plain as plain
from tests.machines.subscription_plain import FOR_EVER, Plain, Refused

START: Final = date(2026, 1, 31)
RENEWALS: Final = {"automatic": Renewal.AUTOMATIC, "manual": Renewal.MANUAL, "none": Renewal.NONE}
WORDS: Final = {"now": EndOf.NOW, "term": EndOf.TERM}
Parts = dict[str, int]


class SubscriptionTwin:
    """Both, and what day it is."""

    def __init__(
        self,
        zone: str = "UTC",
        *,
        months: int = 1,
        days: int = 0,
        renewal: str = "automatic",
        most: int | None = None,
        trial: int | None = None,
        converts: bool = True,
    ) -> None:
        self.rules, self.zone, self.names = ZoneInfo(zone), zone, 0
        terms = SubscriptionTerms(
            item="web",
            price=UnitPrice(Money.parse("10.07 EUR")),
            quantity=3,
            every=Duration(months=months, days=days),
            zone=zone,
            renewal=RENEWALS[renewal],
            most_renewals=most,
        )
        tried = None if trial is None else START + timedelta(days=trial)
        cycle = plain.Cycle(START, months, days)
        self.plain = Plain(START, cycle, 3, 1007, renewal, FOR_EVER if most is None else most, tried, converts)
        ends = None if tried is None else self.noon(tried)
        self.life = Life(terms, self.noon(START), trial_ends=ends, converts=converts)

    def noon(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 12, tzinfo=self.rules)

    # What happens

    def wait(self, days: int) -> None:
        self.plain.today += timedelta(days=days)
        self.life.now = self.noon(self.plain.today)

    def _run(self, naive: Callable[[], object], command: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """Both do it, or refuse it alike."""
        expected = "ok"
        try:
            naive()
        except Refused as refusal:
            expected = str(refusal)
        found: LicensingError | None = self.life.do(command, *arguments, **named)
        code = "ok" if found is None else found.code
        require(code == expected, "the library does what the rules say", expected=expected, found=found or "ok")

    def bill(self, ahead: int) -> None:
        """All that begins within so many days."""
        self.life.bill(ahead=ahead)
        latest = self.plain.today + timedelta(days=ahead)
        while True:
            dated, begin = self.plain.dated(), self.plain.next_begin()
            due = dated is not None and dated <= self.plain.today
            if not (due or (begin is not None and begin <= latest)) or not self.plain.bill_one():
                return

    def pay(self, place: int) -> None:
        owed = self.life.owed()
        if owed:
            place %= len(owed)
            first = self.plain.state == "pending"
            self.plain.pay(None if first else self.plain.unpaid[place])
            self.life.pay(owed[place])

    def change(self, parts: Parts) -> None:
        self._run(lambda: self.plain.change(parts), library.change, _change(parts))

    def schedule(self, parts: Parts, days: int | None) -> None:
        self.names += 1
        name = f"c{self.names}"
        day = None if days is None else self.plain.today + timedelta(days=days)
        effective = When.END_OF_PERIOD if day is None else self.noon(day)
        self._run(
            lambda: self.plain.schedule(name, day, parts),
            library.schedule_change,
            _change(parts),
            effective,
            change_id=name,
        )

    def withdraw_change(self, number: int) -> None:
        name = f"c{number}"
        self._run(lambda: self.plain.withdraw_change(name), library.withdraw_change, name)

    def convert(self) -> None:
        self._run(self.plain.convert, library.convert)

    def renew(self) -> None:
        self._run(self.plain.renew, library.renew)

    def align(self, day: int) -> None:
        anchor = date(2026, 1, day)
        months, days = self.plain.cycle.months, self.plain.cycle.days
        common = Cycle(anchor, Duration(months=months, days=days), self.zone)
        self._run(lambda: self.plain.align(plain.Cycle(anchor, months, days)), library.align, common)

    def cancel(self, access: int | str, billing: int | str | None, *, credit: bool) -> None:
        ends = [self.plain.today + timedelta(days=one) if isinstance(one, int) else one for one in (access, billing)]
        asked = [self.noon(one) if isinstance(one, date) else WORDS.get(one or "") for one in ends]
        wanted: Any = ends[0]
        self._run(lambda: self.plain.cancel(wanted, ends[1], credit=credit), library.cancel, *asked, credit=credit)

    def withdraw_cancellation(self) -> None:
        self._run(self.plain.withdraw_cancellation, library.withdraw_cancellation)

    def pause(self) -> None:
        self._run(self.plain.pause, library.pause)

    def resume(self) -> None:
        self._run(self.plain.resume, library.resume)

    def suspend(self) -> None:
        self._run(self.plain.suspend, library.suspend)

    def terminate(self) -> None:
        self._run(self.plain.terminate, library.terminate)


def _change(parts: Parts) -> ItemChange:
    change = ItemChange(quantity=parts.get("quantity"))
    price = parts.get("price")
    return change if price is None else evolve(change, price=UnitPrice(Money.parse(f"{price / 100:.2f} EUR")))


# Invariants


def it_stands_where_the_rules_say(twin: SubscriptionTwin) -> None:
    """LAT-1."""
    found, wanted = twin.life.standing.value, twin.plain.standing
    require(found == wanted, "it stands where the rules say", found=found, wanted=wanted, plain=twin.plain)
    access = bool(library.can_access(twin.life.subscription, twin.life.now))
    require(access is (wanted in ("trial", "active")), "it gives access where the rules say", access=access)


def it_is_due_when_the_rules_say(twin: SubscriptionTwin) -> None:
    """LAT-1, L3."""
    found, wanted = library.next_due(twin.life.subscription, twin.life.now), twin.plain.due()
    require(found == wanted, "it is due when the rules say", found=found, wanted=wanted)


def the_turns_are_the_stretches(twin: SubscriptionTwin) -> None:
    """Decision 11, L3."""
    found = [
        (turn.due, turn.end.astimezone(twin.rules).date(), turn.renewal, not turn.paid)
        for turn in twin.life.subscription.turns
    ]
    kept = twin.plain.stretches[-len(found) :] if found else []
    wanted = [(one.begin, one.end, one.renews, bool(one.owed)) for one in kept]
    require(found == wanted, "the turns are the stretches", found=found, wanted=wanted)
    forgotten = twin.plain.stretches[: len(twin.plain.stretches) - len(kept)]
    require(not any(one.owed for one in forgotten), "no unpaid turn is forgotten", forgotten=forgotten)
    require(twin.life.subscription.renewals == twin.plain.renewals, "renewals are counted", wanted=twin.plain.renewals)


def the_money_is_that_of_the_days(twin: SubscriptionTwin) -> None:
    """Decisions 7 and 13, L6."""
    ledger, naive = twin.life.state.ledger, twin.plain
    left = sum(line.left.minor for line in ledger.lines.values())
    found = (ledger.balance.minor, ledger.outstanding().minor, left)
    wanted = (
        naive.balance,
        sum(one.owed for one in naive.stretches),
        sum(one.charged - one.off for one in naive.stretches),
    )
    require(found == wanted, "the money is that of the days", found=found, wanted=wanted, plain=naive.stretches)


def what_waits_is_what_was_asked(twin: SubscriptionTwin) -> None:
    """Decision 11; nothing of it comes any more once it is cancelled for good."""
    turns = () if twin.plain.final else twin.life.subscription.turns
    found = [one.id for one in turns[-1].item.scheduled] if turns else []
    wanted = [one.name for one in twin.plain.waiting] if turns else []
    require(found == wanted, "what waits is what was asked", found=found, wanted=wanted)


def the_events_replayed_are_the_subscription(twin: SubscriptionTwin) -> None:
    """L7."""
    require(twin.life.replayed() == twin.life.state, "the events replayed are the subscription", life=twin.life.state)


INVARIANTS: tuple[Callable[[SubscriptionTwin], None], ...] = (
    it_stands_where_the_rules_say,
    it_is_due_when_the_rules_say,
    the_turns_are_the_stretches,
    the_money_is_that_of_the_days,
    what_waits_is_what_was_asked,
    the_events_replayed_are_the_subscription,
)

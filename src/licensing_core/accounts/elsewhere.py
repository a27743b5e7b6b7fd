"""A subscription as it stands in another system, and what it must keep to when it is taken over."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from typing import Final, cast

from attrs import frozen

from licensing_core.accounts.importing import wrong
from licensing_core.accounts.refusals import SubscriptionExists
from licensing_core.accounts.values import CustomerAccount
from licensing_core.billing import (
    Billed,
    BilledItem,
    DocumentNumber,
    ItemChange,
    Ledger,
    ScheduledChange,
    Tax,
    TaxTreatment,
    taxes_of,
)
from licensing_core.billing.items import MOST_SCHEDULED
from licensing_core.billing.ledger import require_prefix
from licensing_core.billing.lines import NotNegative, portion_of
from licensing_core.billing.reckoning import beginning, countable, in_currency, terms_after
from licensing_core.checks import Check, Count, Day, Id, Instant, TooManyItems, check_of, instance
from licensing_core.decisions import ImportRule, refusals
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Cycle, Interval, Period, local_date, start_of_day
from licensing_core.subscriptions import Ends, SubscriptionTerms
from licensing_core.subscriptions.turning import first_quote
from licensing_core.subscriptions.values import MOST_POOLS


@frozen(kw_only=True)
class Elsewhere:
    """A subscription as it stands elsewhere."""

    account: CustomerAccount
    subscription_id: str
    terms: SubscriptionTerms
    anchor: date | datetime | None
    charged: Money | None
    paid: Money | None
    since: date | datetime | None
    number: DocumentNumber | None
    renewals: int
    scheduled: tuple[ScheduledChange, ...]
    trial_ends: datetime | None
    converts: bool
    ends: Ends | None
    pools: frozenset[str]
    at: datetime

    @property
    def ledger(self) -> Ledger:
        """Without lines, in the currency of the terms."""
        currency = self.terms.price.currency
        return Ledger(id=currency.code, currency=currency, balance=Money.zero(currency))

    @property
    def item(self) -> BilledItem:
        """What it is billed for in the period that holds *now*, under no name of its own yet, and without a line."""
        cycle = Cycle(cast("date", self.anchor), self.terms.every, self.terms.zone)
        terms = in_currency(self.terms.item_terms(cycle), self.terms.price.currency)
        period = countable(terms, self.terms.policy, cycle.period_at(self.at))
        return BilledItem(id="item", terms=terms, policy=self.terms.policy, period=period)

    def start(self, period: Period) -> datetime:
        """From when the running *period* was charged: from its start, or from the local day of *since*."""
        if self.since is None:
            return period.start
        return max(period.start, beginning(_instant(self.since, period.zone), period.zone, self.terms.policy))

    def share(self, period: Period) -> Fraction:
        """The part of *period* that was charged."""
        billed = Interval(self.start(period), period.end)
        return portion_of(billed, period, self.terms.policy.convention, self.terms.every).share


def _instant(point: date | datetime, zone: str) -> datetime:
    return point if isinstance(point, datetime) else start_of_day(point, zone)


def _not_there(one: Elsewhere) -> Iterator[LicensingError]:
    if one.subscription_id in one.account.subscriptions:
        yield SubscriptionExists(customer=one.account.id, subscription=one.subscription_id)


def _zone_of_the_account(one: Elsewhere) -> Iterator[LicensingError]:
    if one.terms.zone != one.account.zone:
        yield wrong("terms", "in the zone of the account", "of another")


def _anchored(one: Elsewhere) -> Iterator[LicensingError]:
    if one.trial_ends is not None:
        return
    if one.anchor is None:
        yield wrong("anchor", "a day or an instant, unless there is a trial", "None")
    elif _instant(one.anchor, one.terms.zone) > one.at:
        yield wrong("anchor", "no later than now", "a later one")
    else:
        yield from refusals(lambda: one.item)


def _running(one: Elsewhere) -> BilledItem | None:
    """What is billed now, where terms and anchor say so."""
    return None if one.trial_ends is not None or any(_anchored(one)) else one.item


_BILLED: Final[Mapping[str, object]] = {
    "anchor": None,
    "charged": None,
    "paid": None,
    "since": None,
    "number": None,
    "renewals": 0,
    "scheduled": (),
}
"""What only a subscription has for which something was billed, and what is given where there is none."""


def _trial(one: Elsewhere) -> Iterator[LicensingError]:
    ends = one.trial_ends
    if ends is None:
        return
    if ends <= one.at:
        yield wrong("trial_ends", "later than now", "an earlier instant")
    for name, nothing in _BILLED.items():
        given = getattr(one, name)
        if type(given) is not type(nothing) or given != nothing:
            yield wrong(name, f"{nothing!r} in a trial", "something else")


def _billable_after_trial(one: Elsewhere) -> Iterator[LicensingError]:
    ends = one.trial_ends
    if ends is not None:
        yield from refusals(lambda: first_quote(one.terms, one.ledger, ends))


def _in_currency(name: str) -> ImportRule[Elsewhere]:
    def breaches(one: Elsewhere) -> Iterator[LicensingError]:
        amount, currency = getattr(one, name), one.terms.price.currency
        if amount is not None and amount.currency is not currency:
            yield CurrencyMismatch(expected=currency, got=amount.currency)

    return ImportRule(frozenset({"terms", name}), breaches)


def _of_a_charge(name: str) -> ImportRule[Elsewhere]:
    def breaches(one: Elsewhere) -> Iterator[LicensingError]:
        if getattr(one, name) and not one.charged and one.trial_ends is None:
            yield wrong(name, "None where nothing was charged", "something else")

    return ImportRule(frozenset({"charged", name}), breaches)


def _no_more_than_charged(one: Elsewhere) -> Iterator[LicensingError]:
    if one.charged and one.paid and one.charged.currency is one.paid.currency:
        gross = gross_of(one.charged, one.terms)
        if one.paid > gross:
            yield wrong("paid", f"at most {gross}", str(one.paid))


def _since_within(one: Elsewhere) -> Iterator[LicensingError]:
    item = _running(one)
    if item is None or one.since is None:
        return
    begun = item.period.start
    if not isinstance(one.since, datetime):
        begun = start_of_day(local_date(begun, item.period.zone), item.period.zone)
    if not begun <= _instant(one.since, item.period.zone) <= one.at:
        yield wrong("since", "within the running period, and no later than now", "another one")
    elif not one.share(item.period):
        yield wrong("since", "from where the convention counts something", "another one")


def _no_more_renewals(one: Elsewhere) -> Iterator[LicensingError]:
    most = one.terms.most_renewals
    if most is not None and one.renewals > most:
        yield wrong("renewals", f"at most {most}", str(one.renewals))


def _goes_on(one: Elsewhere) -> Iterator[LicensingError]:
    if one.ends is not None and one.ends.access <= one.at:
        yield wrong("ends", "an end of access later than now", "an earlier one")


def _few_pools(one: Elsewhere) -> Iterator[LicensingError]:
    if len(one.pools) > MOST_POOLS:
        yield TooManyItems(parameter="pools", given=len(one.pools), most=MOST_POOLS)


def _scheduled(one: Elsewhere) -> Iterator[LicensingError]:
    if len(one.scheduled) > MOST_SCHEDULED:
        yield TooManyItems(parameter="scheduled", given=len(one.scheduled), most=MOST_SCHEDULED)
        return
    times = Counter(waiting.id for waiting in one.scheduled)
    for name in sorted(name for name, count in times.items() if count > 1):
        yield wrong(f"scheduled.{name}", "an id that no other change has", "the same again")
    for waiting in one.scheduled:
        place = f"scheduled.{waiting.id}"
        if waiting.change == ItemChange():
            yield wrong(place, "a change of something", "one of nothing")
        if waiting.change.quantity == 0:
            yield wrong(place, "a quantity above 0; what is to end has ends", "0")
        if isinstance(waiting.effective, datetime) and waiting.effective <= one.at:
            yield wrong(place, "later than now", "an earlier instant")


def _billable_as_scheduled(one: Elsewhere) -> Iterator[LicensingError]:
    item = _running(one)
    if item is None or len(one.scheduled) > MOST_SCHEDULED:
        return
    for waiting in one.scheduled:
        yield from refusals(partial(_require_billable, Billed(item, one.ledger), waiting))


def _require_billable(state: Billed, waiting: ScheduledChange) -> None:
    """See to it that the terms after a change that waits are of one currency, and that periods of them are counted."""
    item = state.item
    due = waiting.effective if isinstance(waiting.effective, datetime) else item.period.end
    begins = beginning(due, item.period.zone, item.policy)
    terms = terms_after(item.terms, waiting.change, begins, state)
    countable(terms, item.policy, terms.cycle.period_at(begins))


def taxes_on(charged: Money, terms: SubscriptionTerms) -> tuple[Tax, ...]:
    """The taxes of *terms* on what was *charged*."""
    return taxes_of([(charged, terms.rates)], terms.policy.taxes)[0]


def gross_of(charged: Money, terms: SubscriptionTerms) -> Money:
    """What was *charged*, with its taxes."""
    if terms.policy.taxes.treatment is TaxTreatment.INCLUSIVE:
        return charged
    return charged + Money.sum((tax.amount for tax in taxes_on(charged, terms)), charged.currency)


FORMS: Final[Mapping[str, Check]] = {
    "subscription_id": require_prefix,
    "terms": instance(SubscriptionTerms),
    "anchor": check_of(Instant | Day | None),
    "charged": check_of(NotNegative | None),
    "paid": check_of(NotNegative | None),
    "since": check_of(Instant | Day | None),
    "number": check_of(DocumentNumber | None),
    "renewals": check_of(Count),
    "scheduled": check_of(tuple[ScheduledChange, ...]),
    "trial_ends": check_of(Instant | None),
    "converts": check_of(bool),
    "ends": check_of(Ends | None),
    "pools": check_of(frozenset[Id]),
}
"""What each argument of `import_subscription()` must be."""
RULES: Final = (
    ImportRule(frozenset({"subscription_id"}), _not_there),
    ImportRule(frozenset({"terms"}), _zone_of_the_account),
    ImportRule(frozenset({"terms", "anchor", "trial_ends"}), _anchored),
    _in_currency("charged"),
    _in_currency("paid"),
    ImportRule(frozenset({"terms", "charged", "paid"}), _no_more_than_charged),
    *map(_of_a_charge, ("paid", "since", "number")),
    ImportRule(frozenset({"terms", "anchor", "since", "trial_ends"}), _since_within),
    ImportRule(frozenset({"terms", "renewals"}), _no_more_renewals),
    ImportRule(frozenset({"scheduled"}), _scheduled),
    ImportRule(frozenset({"terms", "anchor", "scheduled", "trial_ends"}), _billable_as_scheduled),
    ImportRule(frozenset({"trial_ends"}), _trial),
    ImportRule(frozenset({"terms", "trial_ends"}), _billable_after_trial),
    ImportRule(frozenset({"ends"}), _goes_on),
    ImportRule(frozenset({"pools"}), _few_pools),
)
"""What a subscription must keep to that is taken over."""

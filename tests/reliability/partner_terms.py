"""The commands about one service: cancelled, changed, paused, renewed, converted and aligned, at any time."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from licensing_core import accounts, subscriptions
from licensing_core.billing import ItemChange, When
from licensing_core.periods import Cycle, Duration
from licensing_core.subscriptions import EndOf, Subscribed, SubscriptionDecision
from tests.reliability.partner_client import Client
from tests.reliability.partner_commands import INTERVALS, price_of
from tests.reliability.partner_naive import Change, Rhythm, Sold, local_day
from tests.reliability.partner_service import FINAL, Asked, Service, with_change
from tests.reliability.partner_world import BY, Partner

Decide = Callable[[Subscribed, str], SubscriptionDecision]


def some_service(partner: Partner, client: Client, *wanted: str, manual: bool = False) -> str:
    """Mostly one that is in one of the states *wanted*, or one of them that is renewed by hand; now and then any."""
    rng, now = partner.rng, partner.now
    fit = [name for name, one in client.services.items() if one.state(now) in wanted]
    fit = [name for name in fit if not manual or client.services[name].renewal == "manual"]
    if fit and rng.random() < 0.9:
        return rng.choice(fit)
    return rng.choice([*client.services, "s99"])


def carry_out(partner: Partner, client: Client, asked: Asked, decide: Decide) -> None:
    partner.do(
        client,
        asked,
        lambda books: accounts.carry_out(books, asked.service, decide, by=BY, now=partner.now),
    )


def some_change(rng: Random, sold: Sold) -> Change:
    """One or two things that are to be different; now and then what holds already."""
    months, days = rng.choice(INTERVALS)
    values: dict[str, object] = {}
    for part in rng.sample(("quantity", "price", "interval", "item", "quantity"), rng.choice((1, 1, 2))):
        match part:
            case "quantity":
                values["quantity"] = rng.randint(1, 6)
            case "price":
                values["price"] = rng.randrange(5000)
            case "item":
                values["item"] = rng.choice(("web", "mail", "plain"))
            case _:
                values.update(months=months, days=days)
    return Change(tuple(values.items()))


def item_change(change: Change, one: Service) -> ItemChange:
    """*change* as the library takes it."""
    values = dict(change.values)
    said: dict[str, Any] = {name: values[name] for name in ("quantity", "item") if name in values}
    if "price" in values:
        said["price"] = price_of(with_change(one.sold, change), one.currency)
    if change.interval:
        said["every"] = Duration(months=values["months"], days=values["days"])  # type: ignore[arg-type]
    return ItemChange(**said)


def change(partner: Partner, client: Client) -> None:
    """Now; in a trial, what it turns into."""
    name, now = some_service(partner, client, "active", "trial"), partner.now
    one = client.services.get(name)
    if one is None:
        return
    wanted = some_change(partner.rng, one.terms())
    asked = item_change(wanted, one)
    if one.state(now) == "trial" and partner.rng.random() < 0.9:
        carry_out(
            partner,
            client,
            Asked("change_trial", name, wanted),
            lambda state, _: subscriptions.change_trial(state, asked, by=BY, now=now),
        )
        return
    quoted = partner.rng.random() < 0.3

    def decide(state: Subscribed, document: str) -> SubscriptionDecision:
        confirmed = subscriptions.quote_change(state, asked, now=now) if quoted else None
        return subscriptions.change(state, asked, document=document, confirmed=confirmed, by=BY, now=now)

    carry_out(partner, client, Asked("change", name, wanted), decide)


def schedule(partner: Partner, client: Client) -> None:
    rng, now = partner.rng, partner.now
    name = some_service(partner, client, "active")
    one = client.services.get(name)
    if one is None:
        return
    wanted = some_change(rng, one.terms())
    at = None if rng.random() < 0.4 else now + timedelta(hours=rng.randint(1, 1200))
    if at is not None and one.turns and rng.random() < 0.15 and one.turns[-1].end > now:
        at = one.turns[-1].end
    called = f"ch{rng.randrange(10**9)}"
    asked = Asked("schedule", name, wanted, called, at)
    carry_out(
        partner,
        client,
        asked,
        lambda state, _: subscriptions.schedule_change(
            state, item_change(wanted, one), at or When.END_OF_PERIOD, change_id=called, by=BY, now=now
        ),
    )


def unschedule(partner: Partner, client: Client) -> None:
    rng, now = partner.rng, partner.now
    waiting = {name: each.name for name, one in client.services.items() for turn in one.turns for each in turn.waiting}
    name = rng.choice(list(waiting)) if waiting and rng.random() < 0.9 else some_service(partner, client, "active")
    called = waiting.get(name, "ch0")
    carry_out(
        partner,
        client,
        Asked("unschedule", name, change_name=called),
        lambda state, _: subscriptions.withdraw_change(state, called, by=BY, now=now),
    )


def _an_end(rng: Random, now: datetime) -> datetime | EndOf:
    return rng.choice((EndOf.NOW, EndOf.TERM, EndOf.TERM, now + timedelta(hours=rng.randint(-200, 1500))))


def cancel(partner: Partner, client: Client) -> None:
    rng, now = partner.rng, partner.now
    name = some_service(partner, client, "active", "suspended", "trial", "pending", "paused", "expired")
    access = _an_end(rng, now)
    end = _an_end(rng, now) if rng.random() < 0.3 else None
    credit = rng.random() < 0.3
    asked = Asked("cancel", name, access=_said(access), billing=None if end is None else _said(end), credit=credit)
    carry_out(
        partner,
        client,
        asked,
        lambda state, _: subscriptions.cancel(state, access, end, credit=credit, by=BY, now=now),
    )


def _said(end: datetime | EndOf) -> datetime | str:
    return end.value if isinstance(end, EndOf) else end


def keep(partner: Partner, client: Client) -> None:
    """Take a cancellation back."""
    now = partner.now
    ending = [name for name, one in client.services.items() if one.ends is not None and one.state(now) not in FINAL]
    name = partner.rng.choice(ending) if ending else some_service(partner, client, "active")
    carry_out(
        partner,
        client,
        Asked("keep", name),
        lambda state, _: subscriptions.withdraw_cancellation(state, by=BY, now=now),
    )


def renew(partner: Partner, client: Client) -> None:
    now = partner.now
    name = some_service(partner, client, "active", "expired", manual=True)
    carry_out(
        partner,
        client,
        Asked("renew", name),
        lambda state, document: subscriptions.renew(state, document=document, by=BY, now=now),
    )


def convert(partner: Partner, client: Client) -> None:
    now = partner.now
    tried = [name for name, one in client.services.items() if one.phase == "trial" and one.state(now) not in FINAL]
    name = partner.rng.choice(tried) if tried else some_service(partner, client, "active", "expired")
    carry_out(
        partner,
        client,
        Asked("convert", name),
        lambda state, document: subscriptions.convert(state, document=document, by=BY, now=now),
    )


def pause(partner: Partner, client: Client) -> None:
    now = partner.now
    carry_out(
        partner,
        client,
        Asked("pause", some_service(partner, client, "active")),
        lambda state, _: subscriptions.pause(state, by=BY, now=now),
    )


def resume(partner: Partner, client: Client) -> None:
    now = partner.now
    carry_out(
        partner,
        client,
        Asked("resume", some_service(partner, client, "paused")),
        lambda state, document: subscriptions.resume(state, document=document, by=BY, now=now),
    )


def align(partner: Partner, client: Client) -> None:
    rng, now, zone = partner.rng, partner.now, client.zone
    name = some_service(partner, client, "active")
    months, days = rng.choice(INTERVALS)
    last_days = [date(2024, 1, 31), date(2024, 12, 30), date(2024, 2, 29)]
    first = rng.choice([local_day(now, zone) + timedelta(days=rng.randint(-40, 40)), *last_days])
    common = Rhythm(first, first.day, months, days, zone)
    carry_out(
        partner,
        client,
        Asked("align", name, common=common),
        lambda state, _: subscriptions.align(
            state, Cycle(first, Duration(months=months, days=days), zone), by=BY, now=now
        ),
    )

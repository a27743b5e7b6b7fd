"""What each command of a partner's year is refused with, and what it leaves behind, as the rules have it."""

from dataclasses import replace
from datetime import datetime

from licensing_core.testing.law import require
from tests.reliability.partner_client import Client
from tests.reliability.partner_naive import Turn, Waiting, day_began
from tests.reliability.partner_service import FINAL, Asked, Service, with_change

ALL = ("pending", "trial", "active", "suspended", "paused", "expired")


def refusal(client: Client, asked: Asked, now: datetime) -> str | None:
    """The code that *asked* is refused with; `None` when it is done."""
    if asked.name in ("pay", "fail"):
        paper = client.papers.get(asked.document)
        return (
            "invoice.unknown" if paper is None else {"paid": "invoice.paid", "void": "invoice.void"}.get(paper.status)
        )
    one = client.services.get(asked.service)
    if asked.name == "order":
        return None if one is None else "service.exists"
    if one is None:
        return "service.unknown" if asked.service else None
    return _of_service(one, asked, now)


_STATES = {
    "cancel": ALL,
    "keep": ALL,
    "change": ("active",),
    "change_trial": ("trial",),
    "schedule": ("active",),
    "unschedule": ("active",),
    "align": ("active",),
    "renew": ("active", "expired"),
    "pause": ("active", "paused"),
    "resume": ("paused",),
}


def _of_service(one: Service, asked: Asked, now: datetime) -> str | None:
    state = one.state(now)
    wanted = _STATES.get(asked.name, (state,))
    if asked.name == "convert":
        wanted = ("trial", "expired", "active") if one.phase == "trial" and not one.turns else ("trial",)
    if state not in wanted:
        return "service.ended" if state in FINAL else "service.wrong_state"
    if asked.name == "cancel":
        found = one.wanted_ends(asked, now)
        return found if isinstance(found, str) else None
    if asked.name == "keep":
        refused = one.ends is not None and (one.ends[2] or one.broken_off)
        return "cancellation.none" if one.ends is None else "cancellation.credited" if refused else None
    if asked.name == "renew" and not (one.renewal == "manual" and one.may_renew and one.turns):
        return "service.not_renewable"
    if asked.name == "pause" and state == "paused":
        return None
    return _while_it_ends(one, asked, now) or _behind(one, asked, now)


def _while_it_ends(one: Service, asked: Asked, now: datetime) -> str | None:
    """What is refused while a cancellation stands."""
    if one.ends is None:
        return None
    if asked.name in ("convert", "renew", "pause", "resume"):
        return "cancellation.later"
    if asked.name in ("change", "schedule"):
        return "cancellation.credited" if one.ends[2] else None if one.billable(now) else "cancellation.later"
    return None


def _behind(one: Service, asked: Asked, now: datetime) -> str | None:
    """What is refused until something else is billed, or paid."""
    if asked.name == "resume":
        return None if one.first_unpaid is None else "service.unpaid"
    if asked.name == "renew":
        ahead_of_it = one.basis == "from_expiry" or (one.basis != "from_now" and one.turns[-1].end > now)
        return "service.behind" if one.dated is not None and (ahead_of_it or one.dated <= now) else None
    if asked.name in ("change", "schedule", "unschedule", "align", "pause") and one.behind(now):
        return "service.behind"
    if asked.name == "unschedule":
        waiting = one.turns[one.running(now)].waiting
        return None if any(each.name == asked.change_name for each in waiting) else "item.nothing_scheduled"
    return None


def ahead(one: Service, since: datetime, now: datetime) -> list[Turn]:
    """The turns that begin after *now*, and not before *since*."""
    return [turn for turn in one.turns if turn.start >= since and turn.start > now]


def settle(client: Client, asked: Asked, now: datetime, *, done: bool) -> None:
    """Note what *asked* itself says, and see to it that it left nothing undone; *done* says whether anything happened.

    Raises:
        LawBroken: It did.
    """
    one = client.services.get(asked.service)
    for paper in client.owing():
        held = client.balances.get(paper.currency, 0)
        spent = not held or (paper.start is None and paper.total > held)
        require(spent, "what is in credit pays, a first payment in one", paper=paper, held=held)
    for name in sorted(client.moved):
        each = client.services[name]
        if asked.name == "dun" and each.phase == "terminated":
            _over(each, now)
        owes = each.state(now) != "suspended" or each.owes_by(now)
        require(owes, "what is paid for is not suspended", service=each)
    if asked.name == "bill":
        for each in client.services.values() if one is None else (one,):
            undone = each.to_bill(now, client.dunning) and each.name not in client.paid  # then the next run goes on
            require(not undone, "all that is due is billed", service=each)
    if asked.name == "pay" and client.papers[asked.document].status != "paid":
        require(holds=False, law="what is paid is an invoice", paper=client.papers[asked.document])
    if one is None or not done:
        return
    match asked.name:
        case "change_trial" if asked.change is not None:
            one.sold = with_change(one.sold, asked.change)
        case "schedule" if asked.change is not None:
            more = Waiting(asked.change_name, asked.change, asked.at)
            for place in range(one.running(now), len(one.turns)):
                one.turns[place] = replace(one.turns[place], waiting=(*one.turns[place].waiting, more))
        case "unschedule":
            left = tuple(each for each in one.turns[-1].waiting if each.name != asked.change_name)
            one.turns[-1] = replace(one.turns[-1], waiting=left)
        case "align":
            one.turns[-1] = replace(one.turns[-1], common=asked.common)
        case "cancel" | "pause":
            _nothing_beyond(client, one, asked, now)
    if asked.name in ("unschedule", "align", "schedule", "pause", "change_trial"):
        since = asked.at if asked.name == "schedule" and asked.at is not None else now
        require(not ahead(one, since, now), "what was billed ahead is taken back", service=one)


def _over(one: Service, now: datetime) -> None:
    """What is terminated owes nothing for periods after the day on which it was to be, and has none ahead."""
    beyond = [turn for turn in one.turns if turn.start > now or (turn.start >= one.over and one.unpaid(turn))]
    require(not beyond, "nothing is owed for periods after the end", service=one)


def _nothing_beyond(client: Client, one: Service, asked: Asked, now: datetime) -> None:
    """Nothing is owed for the time after billing ends; what was to be given back is."""
    if asked.name == "cancel":
        if asked.ends is None:
            return
        stop = day_began(asked.ends[1], one.zone)
        unpaid = [turn for turn in one.turns if turn.start >= stop and one.unpaid(turn) and turn.begins_period]
        require(not unpaid, "nothing is owed for what will not be delivered", service=one, unpaid=unpaid)
        if not asked.ends[2]:
            return
    else:
        stop = day_began(now, one.zone)
    for paper in client.papers.values():
        if paper.service == one.name and paper.status != "void" and paper.start is not None:
            left = paper.unused(stop, one.zone)
            require(left == 0, "what was not used is given back", paper=paper, stop=stop)

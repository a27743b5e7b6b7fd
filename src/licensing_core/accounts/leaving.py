"""People of a customer who are deactivated, or merged into others; no block of the customer stands in the way."""

from datetime import datetime
from functools import reduce

from attrs import evolve

from licensing_core.accounts.events import AccountEvent, PersonAdded, PersonRemoved, SettingsChanged, apply
from licensing_core.accounts.values import CustomerAccount, Person, as_account
from licensing_core.checks import UserId, as_id, as_instant
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, acting
from licensing_core.pools.merging import require_two


def deactivate_person(
    account: CustomerAccount, user: UserId, *, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Let *user* be no more than a contact of the account, without permissions, and not its administrator.

    Raises:
        PeopleNotLoaded: It was not looked up whether they are one of the people.

    Source: decision 17.
    """
    as_account("account", account)
    named, at, who = as_id("user", user), as_instant("now", now), acting(by)
    contact, known = Person(contact=True), account.people.get(named)
    happened: list[AccountEvent] = []
    if known not in (None, contact):
        happened.append(PersonAdded(account=account.id, user=named, person=contact, by=who, at=at))
    happened += _administered(account, named, None, who, at)
    return Decision(reduce(apply, happened, account), tuple(happened))


def merge_person(
    account: CustomerAccount, user: UserId, into: UserId, *, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Let *into* be what *user* was there, who is nobody any more: of both they have the permissions of both.

    They are a contact only where both were. Of an account that *user* administers, *into* does.

    Raises:
        InvalidArgument: The two are the same.
        PeopleNotLoaded: It was not looked up whether they are among the people.
        TooManyItems: They would have more than 100 permissions.

    Source: decision 18.
    """
    as_account("account", account)
    leaving, staying, at, who = as_id("user", user), as_id("into", into), as_instant("now", now), acting(by)
    require_two(leaving, staying)
    theirs, own = account.people.get(leaving), account.people.get(staying)
    happened: list[AccountEvent] = []
    if theirs is not None:
        both = theirs if own is None else _united(theirs, own)
        happened.append(PersonRemoved(account=account.id, user=leaving, by=who, at=at))
        if both != own:
            happened.append(PersonAdded(account=account.id, user=staying, person=both, by=who, at=at))
    happened += _administered(account, leaving, staying, who, at)
    return Decision(reduce(apply, happened, account), tuple(happened))


def _united(one: Person, other: Person) -> Person:
    return Person(permissions=one.permissions | other.permissions, contact=one.contact and other.contact)


def _administered(
    account: CustomerAccount, user: str, into: str | None, by: str, at: datetime
) -> tuple[SettingsChanged, ...]:
    """The change of the administrator from *user* to *into*, where it is *user*."""
    if account.settings.administrator != user:
        return ()
    return (SettingsChanged(account=account.id, settings=evolve(account.settings, administrator=into), by=by, at=at),)

"""Use cases of users: forget who they are, and take all they hold; `merging` lets one be another.

Ids are pseudonyms, and stay in the histories; so replaying them leads to what is stored, before as after. Whatever is
locked is locked in one order: what the store keeps of the actors, then customers by id, then pools and accounts by id.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core import accounts, enrollments, license_cycle, pools, seat_administration
from licensing_core.accounts import CustomerAccount
from licensing_core.checks import MAX_BULK, Count, TooManyItems, UserId, Value, checked
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Directory
from licensing_core.enrollments import Enrollments, Roster
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool
from licensing_core.protocols import Stored
from licensing_core.services.engine import Command, UseCase, ask, save
from licensing_core.services.grants import keep, superadmin_over
from licensing_core.services.loading import enrollments_of, live

MOST_CHANGED: Final = 100
"""How many pools, accounts and customers one `DeactivateUser` changes at most; the rest is for the next one."""


@frozen(kw_only=True, field_transformer=checked)
class UserForgotten(Value):
    """How many cards went, and whether a grant that the store kept did."""

    cards: Count
    revoked: bool


@frozen(kw_only=True, field_transformer=checked)
class UserDeactivated(Value):
    """What was taken from a user by one command.

    Attributes:
        released: Licenses that went back, of pools and of accounts.
        left: Enrollments through pools of seats that are gone; their seats went back.
        locked: Enrollments through pools of licenses that were locked.
        revoked: Whether a grant that the store kept was taken.
        remaining: Pools, accounts and customers that were not looked at: send it again under another key until none is.
    """

    released: Count
    left: Count
    locked: Count
    revoked: bool
    remaining: Count


def require_few(parameter: str, most: int, *ids: Collection[str]) -> None:
    """Refuse more than *most* in all; raises `TooManyItems`."""
    given = sum(map(len, ids))
    if given > most:
        raise TooManyItems(parameter=parameter, given=given, most=most)


def customers_with(command: Command[Any], user: str) -> UseCase[Sequence[str]]:
    """The customers that have *user* as administrator or among their people, or keep a card of them."""
    return (yield from ask(lambda ports: ports.work.customers_with(command.tenant, user)))


def customer_with(
    command: Command[Any], customer: str, people: Iterable[str]
) -> UseCase[Stored[CustomerAccount] | None]:
    """The account of *customer*, if it has one, with these *people*."""
    who = frozenset(people)
    return (yield from ask(lambda ports: ports.work.customer(command.tenant, customer, (), who)))


def licensed(command: Command[Any], user: str) -> UseCase[tuple[frozenset[str], frozenset[str]]]:
    """The ids of the purchased pools, and of the license accounts, of which *user* has a license."""
    purchased = yield from ask(lambda ports: ports.work.licenses(command.tenant, user))
    found = yield from ask(lambda ports: ports.work.license_accounts(command.tenant, user))
    return frozenset(pool.id for pool in purchased), frozenset(found)


def through(theirs: Enrollments, user: str) -> frozenset[str]:
    """The pools that the enrollments of *user* came through."""
    return frozenset(one.pool for one in theirs.of(user).values() if one.pool is not None)


def drop_card(command: Command[Any], customer: str, person: str | None) -> UseCase[bool]:
    """Forget a card; whether there was one."""
    known = yield from ask(lambda ports: ports.work.card(command.tenant, customer, person))
    if known is None:
        return False
    yield from ask(lambda ports: ports.work.keep_card(command.tenant, customer, person, None))
    return True


@frozen(kw_only=True, field_transformer=checked)
class ForgetUser(Command[UserForgotten]):
    """Forget name and e-mail address of *user*, and what the store keeps of what they may do.

    Their cards with every customer go. The pseudonym stays, and all that is done under it: deactivate them before, if
    they are to hold nothing. Only a superadmin may, and not themselves. Refuses with `SuperadminRequired`, `OwnAccess`,
    and `TooManyItems` for more than 10,000 customers.

    Attributes:
        as_customer: Whether the card of the customer of this very id goes too.
    """

    rule: ClassVar[str] = "D-17"

    user: UserId
    as_customer: bool = False

    def steps(self, now: datetime) -> UseCase[UserForgotten]:
        """See who acts, and forget; each account is loaded, so that no card is kept of them meanwhile."""
        yield from superadmin_over(self, self.actor, self.user)
        revoked = yield from keep(self, self.user, None)
        own = frozenset({self.user} if self.as_customer else ())
        known = own.union((yield from customers_with(self, self.user)))
        require_few("customers", MAX_BULK, known)
        cards = 0
        for customer in sorted(known):
            yield from customer_with(self, customer, ())
            cards += int((yield from drop_card(self, customer, self.user)))
            if customer in own:
                cards += int((yield from drop_card(self, customer, None)))
        return UserForgotten(cards=cards, revoked=revoked)


@frozen
class _Taken:
    """What a step of deactivating changed."""

    events: Sequence[Event]
    """Those that were saved."""

    def named(self, kind: type[enrollments.EnrollmentsLocked | enrollments.UserUnenrolled]) -> int:
        """How many enrollments the events of this kind name."""
        return sum(len(one.enrollments) for one in self.events if isinstance(one, kind))

    @property
    def released(self) -> int:
        """How many licenses went back."""
        return sum(len(one.released) for one in self.events if isinstance(one, pools.LicensesUnassigned))


@frozen(kw_only=True, field_transformer=checked)
class DeactivateUser(Command[UserDeactivated]):
    """Take all that *user* holds, as a superadmin would, pool by pool in the order of their ids.

    Licenses go back, those that await confirmation too, and what came through them is locked (DOC-36 to DOC-38);
    enrollments through pools of seats are left, and their seats go back (decision 1). Of customers they are a contact
    without permissions, and nowhere the administrator. What the store keeps of what they may do is taken first. Their
    cards stay. Only a superadmin may, and not themselves.

    One command changes 100 pools, accounts and customers at most: `UserDeactivated.remaining` says whether to go on.
    Refuses with `SuperadminRequired`, `OwnAccess`, and `TooManyItems` for more than 10,000 of them.
    """

    rule: ClassVar[str] = "D-17"

    user: UserId

    def steps(self, now: datetime) -> UseCase[UserDeactivated]:
        """See who acts, take the grant, and then one thing after the other."""
        actor = yield from superadmin_over(self, self.actor, self.user)
        revoked = yield from keep(self, self.user, None)
        directory = yield from ask(lambda ports: ports.host.directory(self.tenant))
        steps = yield from self._to_do(actor, directory, now)
        happened: list[Event] = []
        looked, changed = 0, 0
        for step in steps:
            if changed == MOST_CHANGED:
                break
            events = yield from step()
            happened += events
            looked, changed = looked + 1, changed + bool(events)
        taken = _Taken(happened)
        return UserDeactivated(
            released=taken.released,
            left=taken.named(enrollments.UserUnenrolled),
            locked=taken.named(enrollments.EnrollmentsLocked),
            revoked=revoked,
            remaining=len(steps) - looked,
        )

    def _to_do(
        self, actor: Actor, directory: Directory, now: datetime
    ) -> UseCase[list[Callable[[], UseCase[Sequence[Event]]]]]:
        """What may have to be taken, in the order in which it is locked."""
        customers = yield from customers_with(self, self.user)
        held, owned = yield from licensed(self, self.user)
        theirs = yield from enrollments_of(self, [self.user])
        purchased = held | through(theirs, self.user)
        require_few("pools", MAX_BULK, customers, purchased, owned)
        return [
            *(partial(self._from_customer, actor, name, now) for name in sorted(customers)),
            *(
                partial(self._from_account, actor, name, now)
                if name in owned
                else partial(self._from_pool, actor, name, directory, now)
                for name in sorted(purchased | owned)
            ),
        ]

    def _from_customer(self, actor: Actor, customer: str, now: datetime) -> UseCase[Sequence[Event]]:
        stored = yield from customer_with(self, customer, [self.user])
        if stored is None:
            return ()
        decision = accounts.deactivate_person(stored.state, self.user, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return decision.events

    def _from_account(self, actor: Actor, account: str, now: datetime) -> UseCase[Sequence[Event]]:
        stored = yield from ask(lambda ports: ports.work.account(self.tenant, account, (self.user,)))
        if stored is None:
            return ()
        state, happened = stored.state, list[Event]()
        for license_type in sorted(state.types):
            decision = license_cycle.revoke(state, self.user, license_type, by=actor, now=now)
            state = decision.state
            happened += decision.events
        yield from save(self, state, stored.version, happened)
        return happened

    def _from_pool(self, actor: Actor, pool: str, directory: Directory, now: datetime) -> UseCase[Sequence[Event]]:
        stored = yield from ask(lambda ports: ports.work.pool(self.tenant, pool, (self.user,)))
        if stored is None:
            return ()
        theirs = yield from enrollments_of(self, [self.user])
        switches = (yield from live(self, stored.state)).switches
        before = Roster(pool=stored.state, enrollments=theirs)
        take = _licenses_taken if isinstance(stored.state, LicensePool) else _seats_taken
        roster, happened = take(actor, before, self.user, directory, switches, now)
        yield from save(self, roster.pool, stored.version, happened)
        return happened


def _licenses_taken(
    actor: Actor, roster: Roster, user: str, directory: Directory, switches: Switches, now: datetime
) -> tuple[Roster, Sequence[Event]]:
    """Unassign *user*; what came through the pool is locked, even where the license was gone before."""
    decision = seat_administration.unassign(
        actor, roster.pool, [user], enrollments=roster.enrollments, directory=directory, switches=switches, now=now
    )
    theirs = enrollments.enrollments_after(roster.enrollments, decision.events)
    locking = enrollments.lock(Roster(pool=decision.state.pool, enrollments=theirs), [user], by=actor, now=now)
    return locking.state, (*decision.events, *locking.events)


def _seats_taken(
    actor: Actor, roster: Roster, user: str, directory: Directory, switches: Switches, now: datetime
) -> tuple[Roster, Sequence[Event]]:
    """Take *user* out of all that they are in through the pool."""
    happened: list[Event] = []
    for one in roster.enrollments.through(roster.pool.id):
        decision = seat_administration.unenroll(
            actor, roster, user, one.content, directory=directory, switches=switches, now=now
        )
        roster = decision.state
        happened += decision.events
    return roster, happened

"""The use case of two users who are the same person: what one has goes to the other, and the one is nobody any more."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from licensing_core import accounts, enrollments, license_cycle, pools
from licensing_core.checks import Count, UserId, Value, checked
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor
from licensing_core.enrollments import Enrollments, EnrollmentsMovedIn
from licensing_core.license_cycle import LicenseAccount
from licensing_core.pools import AnyPool, LicensePool
from licensing_core.pools.merging import require_two
from licensing_core.protocols import Stored, VersionConflict
from licensing_core.services.engine import Command, UseCase, ask, save
from licensing_core.services.grants import keep, superadmin_over
from licensing_core.services.loading import enrollments_of
from licensing_core.services.people import customer_with, customers_with, drop_card, licensed, require_few, through

MOST_MERGED: Final = 1000
"""How many pools, accounts and customers one `MergeUsers` takes at most: it takes all of them, or none."""


@frozen(kw_only=True, field_transformer=checked)
class UsersMerged(Value):
    """What came of a merger.

    Attributes:
        moved: Licenses that the other has since, of pools and of accounts.
        released: Licenses that went back, since both had one.
        followed: Enrollments that the other has since.
        dropped: Enrollments in whose place the better one of both stayed.
        revoked: Whether a grant that the store kept was taken.
    """

    moved: Count
    released: Count
    followed: Count
    dropped: Count
    revoked: bool


def _another(command: "MergeUsers", _attribute: object, into: str) -> None:
    require_two(command.user, into)


@frozen(kw_only=True, field_transformer=checked)
class MergeUsers(Command[UsersMerged]):
    """Let *into* have all that *user* has, who is the same person, and is nobody any more. All of it, or nothing.

    A license goes to *into* where *into* has none of that pool or type, and back where both have one; an enrollment
    goes with its level, state and dates where *into* has none of that content, and else the better one stays
    (`enrollments.merge()`). Neither limits nor beneficiaries are asked. Of customers *into* has the permissions of
    both, and is the administrator where *user* was. *into* keeps its own cards; a card of *user* goes over where it has
    none. What the store keeps of what *user* may do is taken, and not given to *into*: it was given to one id on
    purpose, and a merger by mistake must give nobody more; a superadmin may grant it apart.

    Only a superadmin may, and not away themselves. Refuses with `SuperadminRequired`, `OwnAccess`, and `TooManyItems`
    for more than 1000 pools, accounts and customers, or where *into* would have more than 100 permissions; deactivate
    *user* then, or take what is needed no more.
    """

    rule: ClassVar[str] = "D-18"

    user: UserId
    into: UserId = field(validator=_another)

    def steps(self, now: datetime) -> UseCase[UsersMerged]:
        """See who acts, lock all that is concerned in one order, decide, and save."""
        actor = yield from superadmin_over(self, self.actor, self.user)
        revoked = yield from keep(self, self.user, None)
        customers = yield from customers_with(self, self.user)
        held, owned = yield from licensed(self, self.user)
        purchased = held | self._concerned((yield from self._enrollments()))
        require_few("pools", MOST_MERGED, customers, purchased, owned)
        for name in sorted(customers):
            yield from self._customer(actor, name, now)
        loaded = yield from self._loaded(purchased, owned)
        theirs = yield from self._enrollments()
        for name in sorted(self._concerned(theirs) - purchased):  # somebody was faster
            raise VersionConflict(aggregate=name, expected=0)
        return (yield from self._merged(actor, loaded, theirs, now, revoked=revoked))

    def _enrollments(self) -> UseCase[Enrollments]:
        return (yield from enrollments_of(self, (self.user, self.into)))

    def _concerned(self, theirs: Enrollments) -> frozenset[str]:
        """The pools of the enrollments of *user*, and of those of *into* in the same contents."""
        contents, own = theirs.of(self.user), theirs.of(self.into).values()
        return through(theirs, self.user).union(one.pool for one in own if one.content in contents and one.pool)

    def _customer(self, actor: Actor, name: str, now: datetime) -> UseCase[None]:
        """Let *into* be what *user* is there; their cards follow."""
        stored = yield from customer_with(self, name, (self.user, self.into))
        if stored is not None:
            decision = accounts.merge_person(stored.state, self.user, self.into, by=actor, now=now)
            yield from save(self, decision.state, stored.version, decision.events)
        theirs = yield from ask(lambda ports: ports.work.card(self.tenant, name, self.user))
        own = yield from ask(lambda ports: ports.work.card(self.tenant, name, self.into))
        if theirs is not None and own is None:
            yield from ask(lambda ports: ports.work.keep_card(self.tenant, name, self.into, theirs))
        yield from drop_card(self, name, self.user)

    def _loaded(
        self, purchased: Iterable[str], owned: frozenset[str]
    ) -> UseCase[Mapping[str, Stored[AnyPool] | Stored[LicenseAccount]]]:
        """The pools and accounts, locked in the order of their ids, with the holdings of both."""
        found: dict[str, Stored[AnyPool] | Stored[LicenseAccount]] = {}
        for name in sorted(owned.union(purchased)):
            stored = yield from (self._account(name) if name in owned else self._pool(name))
            if stored is not None:
                found[name] = stored
        return found

    def _pool(self, name: str) -> UseCase[Stored[AnyPool] | Stored[LicenseAccount] | None]:
        return (yield from ask(lambda ports: ports.work.pool(self.tenant, name, (self.user, self.into))))

    def _account(self, name: str) -> UseCase[Stored[AnyPool] | Stored[LicenseAccount] | None]:
        return (yield from ask(lambda ports: ports.work.account(self.tenant, name, (self.user, self.into))))

    def _merged(
        self,
        actor: Actor,
        loaded: Mapping[str, Stored[AnyPool] | Stored[LicenseAccount]],
        theirs: Enrollments,
        now: datetime,
        *,
        revoked: bool,
    ) -> UseCase[UsersMerged]:
        """Decide on what is *loaded*; what is left is saved in all pools before what arrives in any."""
        purchased = [one.state for one in loaded.values() if not isinstance(one.state, LicenseAccount)]
        merged = enrollments.merge(purchased, theirs, self.user, self.into, by=actor, now=now)
        arriving: list[tuple[LicenseAccount | AnyPool, int, Sequence[Event]]] = []
        moved, released = 0, 0
        for name, stored in loaded.items():
            decision = self._licenses(merged.state.pools.get(name, stored.state), actor, now)
            back = _consumed(stored.state) - _consumed(decision.state)
            moved, released = moved + len(decision.events) - back, released + back
            own = [event for event in merged.events if event.pool == name]
            left = (*decision.events, *(event for event in own if not isinstance(event, EnrollmentsMovedIn)))
            yield from save(self, decision.state, stored.version, left)
            come = [event for event in own if isinstance(event, EnrollmentsMovedIn)]
            arriving.append((decision.state, stored.version + len(left), come))
        for state, version, events in arriving:
            yield from save(self, state, version, events)
        return UsersMerged(
            moved=moved,
            released=released,
            followed=len(merged.state.followed),
            dropped=len(merged.state.dropped),
            revoked=revoked,
        )

    def _licenses(
        self, state: LicenseAccount | AnyPool, actor: Actor, now: datetime
    ) -> Decision[LicenseAccount | AnyPool, Event]:
        if isinstance(state, LicenseAccount):
            of_account = license_cycle.merge_holder(state, self.user, self.into, by=actor, now=now)
            return Decision(of_account.state, of_account.events)
        if not isinstance(state, LicensePool):
            return Decision(state)
        of_pool = pools.merge_holder(state, self.user, self.into, by=actor, now=now)
        return Decision(of_pool.state, of_pool.events)


def _consumed(state: LicenseAccount | AnyPool) -> int:
    """How many licenses are consumed; of seats none."""
    if isinstance(state, LicenseAccount):
        return sum(pool.consumed for pool in state.pools.values())
    return state.consumed if isinstance(state, LicensePool) else 0

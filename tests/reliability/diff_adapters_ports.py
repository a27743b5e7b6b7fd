"""Questions to the ports themselves, with drawn arguments: for what no command asks."""

import inspect
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, NamedTuple

from licensing_core.directory import Actor, Role
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind, Page, UnitOfWork
from tests.reliability.diff_adapters_drawn import FIELDS, HOSTILE_INTS, HOSTILE_TEXTS, Draw, one_of

_IDS: Final = ("a1", "a2", "p1", "p2", "s1", "documents", "nobody")


def _id(rng: Random) -> Any:
    return rng.choice(HOSTILE_TEXTS if rng.random() < 0.15 else _IDS)


def _users(rng: Random) -> Any:
    if rng.random() < 0.1:
        return frozenset({rng.choice(HOSTILE_TEXTS)})
    return rng.choice((None, frozenset(), FIELDS["users"](rng)))


def _page(rng: Random) -> Any:
    try:
        return Page(rng.choice((None, None, "p1", "u1", "a1", "x" * 64)), rng.choice((1, 2, 100, 1000, 1001, True)))
    except LicensingError:
        return None


def _number(rng: Random) -> Any:
    return rng.choice(HOSTILE_INTS) if rng.random() < 0.3 else rng.choice((0, 1, 2, 3, 50))


def _actor(rng: Random) -> Any:
    return rng.choice((None, Actor("keeper"), Actor("keeper", Role.SUPERADMIN)))


_user: Final[Draw] = FIELDS["user"]
_person: Final = one_of(None, "mia", "leo", "nobody")
_kind: Final = one_of(*AggregateKind, "pools")
_who: Final = one_of("keeper", "boss", "P1", "")
ARGUMENTS: Final[Mapping[str, tuple[Draw, ...]]] = {
    "pool": (_id, _users),
    "pools": (_page,),
    "holders": (_id, _page),
    "licenses": (_user,),
    "enrollments": (_users,),
    "account": (_id, _users),
    "usage": (_id, one_of(None, frozenset(), frozenset({"w1"}))),
    "credits": (_id, one_of(None, frozenset(), frozenset({"paid", "active"}))),
    "customer": (_id, one_of(None, frozenset(), frozenset({"invoice:1"})), one_of(None, frozenset({"mia"}))),
    "customers": (_page,),
    "numbers": (),
    "payment": (_id,),
    "payments_due": (FIELDS["at"], _page),
    "card": (_id, _person),
    "customers_of": (FIELDS["email"],),
    "license_accounts": (_user,),
    "customers_with": (_id,),
    "actor": (_who,),
    "keep_actor": (_who, _actor),
    "history": (_kind, _id, _number, one_of(None, 1, 2, 0, True)),
    "stored": (_kind, _page),
    "outbox": (_number,),
    "recent": (_kind, _number),
    "recall": (_id,),
}
"""What follows the tenant in the arguments of each method of a unit of work."""
BY_COMMANDS: Final = frozenset({"save", "remember", "keep_card", "handed_over"})
"""The methods that only commands or the hand-over use, with values that they have made."""


def methods() -> frozenset[str]:
    """The methods of a unit of work."""
    return frozenset(name for name, _ in inspect.getmembers(UnitOfWork, inspect.isfunction) if not name.startswith("_"))


class Question(NamedTuple):
    """A call of a method of a unit of work."""

    name: str
    arguments: tuple[Any, ...]

    @classmethod
    def drawn(cls, rng: Random, tenant: str) -> "Question":
        """One of *tenant*, with drawn arguments."""
        name = rng.choice(tuple(ARGUMENTS))
        return cls(name, (tenant, *(draw(rng) for draw in ARGUMENTS[name])))

    def put(self, work: Any) -> Any:
        """What *work* answers, without what each adapter makes in its own way."""
        answer = getattr(work, self.name)(*self.arguments)
        return _UNCHAINED.get(self.name, _as_it_is)(answer)


def _as_it_is(answer: Any) -> Any:
    return tuple(answer) if isinstance(answer, list) else answer


def _told(envelopes: Any) -> Any:
    return tuple((one.tenant, one.kind, one.aggregate, one.sequence, one.schema, one.event) for one in envelopes)


_UNCHAINED: Final[Mapping[str, Callable[[Any], Any]]] = dict.fromkeys(("history", "outbox", "recent"), _told)

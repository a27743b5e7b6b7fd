"""The rounds of a race: what is there before, which command each worker sends, and what must be there afterwards."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from random import Random
from time import monotonic
from typing import Any, Final, NamedTuple

from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind
from licensing_core.services import Command, Licensing
from tests.reliability.history import Deed, faults, past_of
from tests.reliability.race_crew import Bench, Broken
from tests.reliability.race_watch import Aborted, Aborting, Watched
from tests.reliability.race_world import (
    SEATS,
    TENANT,
    USERS,
    WORKERS,
    a_host,
    assign,
    at_noon,
    close_cycle,
    give,
    grant,
    in_next_cycle,
    open_account,
    open_credits,
    record,
    release,
    resize,
    revoke,
    spend,
)

ABORTED: Final = 0.1
"""The share of the units of work that fail between save and commit, where some do."""
_HELD: Final = USERS[WORKERS : WORKERS + 20]
"""Who has a license before a mixed round."""
_LICENSED: Final = USERS[2 * WORKERS : 2 * WORKERS + 3]
_CREDITS: Final = 5
_POOL, _ACCOUNT, _CREDIT = AggregateKind.LICENSES, AggregateKind.LICENSES, AggregateKind.CREDITS


class Round(NamedTuple):
    """One round: all that a worker must know to say which command is its own."""

    variant: str
    number: int
    seed: int

    @property
    def pool(self) -> str:
        """The pool of the round; its account and its credits are named alike."""
        return f"p-{self.variant}-{self.number}"

    @property
    def account(self) -> str:
        """The account of licenses per user."""
        return f"a-{self.variant}-{self.number}"

    @property
    def credits(self) -> str:
        """The customer with credits."""
        return f"c-{self.variant}-{self.number}"


def _plain(one: Round, worker: int) -> tuple[str, Command[Any]]:
    """Everybody wants one of the licenses, for a user of their own."""
    return one.pool, assign(one.pool, (USERS[worker],), f"{one.pool}-{worker}")


def _mixed(one: Round, worker: int) -> tuple[str, Command[Any]]:
    """Some assign, some release, some resize; others meet the end of a cycle, or spend the same credits."""
    key, dice = f"{one.pool}-{worker}", Random(f"{one.seed}/{one.number}/{worker}")
    if worker < 32:
        return one.pool, assign(one.pool, (USERS[worker],), key)
    if worker < 38:
        return one.pool, release(one.pool, dice.sample(_HELD, 2), key)
    if worker < 42:
        return one.pool, resize(one.pool, dice.randint(SEATS - 20, SEATS + 5), key)
    if worker < 52:
        return one.account, grant(one.account, USERS[worker], key)
    if worker < 54:
        return one.account, revoke(one.account, _LICENSED[worker % 3], key)
    if worker < 56:
        return one.account, close_cycle(one.account, key)
    return one.credits, spend(one.credits, 1, key)


_SCRIPTS: Final[Mapping[str, Callable[[Round, int], tuple[str, Command[Any]]]]] = {
    "plain": _plain,
    "aborted": _plain,
    "mixed": _mixed,
}
VARIANTS: Final = tuple(_SCRIPTS)


def prepare(store: Any, one: Round) -> dict[str, tuple[AggregateKind, int]]:
    """Make what the round is about; by id, its kind and how many events it has had so far."""
    licensing = Licensing(store, _host(), at_noon)
    licensing.run(record(one.pool))
    made = {one.pool: (_POOL, 1)}
    if one.variant == "mixed":
        licensing.run(assign(one.pool, _HELD, f"{one.pool}-held"))
        licensing.run(open_account(one.account, 8, 1))
        for user in _LICENSED:
            licensing.run(grant(one.account, user, f"{one.account}-{user}"))
        licensing.run(open_credits(one.credits))
        licensing.run(give(one.credits, _CREDITS))
        made |= {one.pool: (_POOL, 2), one.account: (_ACCOUNT, 1 + len(_LICENSED)), one.credits: (_CREDIT, 2)}
    return made


def play(bench: Bench, worker: int, one: Round) -> tuple[str, Deed]:
    """What a worker does in a round: it sends its command, and again as long as its unit of work fails."""
    about, command = _SCRIPTS[one.variant](one, worker)
    dice = Random(f"{one.seed}/{one.number}/{worker}/aborted")
    store = Aborting(bench.store, ABORTED, dice) if one.variant == "aborted" else bench.store
    watched = Watched(store)
    licensing = Licensing(watched, _host(), in_next_cycle)
    refusal, fault, again = None, "", 0
    while True:
        begun = monotonic()
        try:
            licensing.run(command)
        except Aborted:
            again += 1
            continue
        except LicensingError as error:
            refusal = error
        except Exception as error:  # noqa: BLE001 - whatever else leaves a service is a finding
            fault = f"{type(error).__name__}: {error}"[:300]
        return about, Deed(command, begun, monotonic(), watched.loaded, watched.saved, refusal, fault, again)


def judge(store: Any, one: Round, made: Mapping[str, tuple[AggregateKind, int]], told: list[Any]) -> list[str]:
    """What was wrong in the round after which the workers *told* this."""
    wrong = [result.error for result in told if isinstance(result, Broken)]
    played = [result for result in told if not isinstance(result, Broken)]
    wrong += [f"{deed.command.key}: an untyped error, {deed.fault}" for _, deed in played if deed.fault]
    with store.begin() as work:
        pasts = {name: past_of(work, TENANT, kind, name, before) for name, (kind, before) in made.items()}
    for name, past in pasts.items():
        wrong += faults(past, (deed for about, deed in played if about == name))
    given = sum(deed.refusal is None and not deed.fault for _, deed in played)
    if one.variant != "mixed" and given != min(SEATS, len(told)):
        wrong.append(f"{one.pool}: {given} of {len(told)} were given one of {SEATS}")
    return wrong


@lru_cache(maxsize=1)
def _host() -> Any:
    return a_host()

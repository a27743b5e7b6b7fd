"""R6: one command under one key, delivered 64 times at once: one effect, 63 equal answers from memory.

In every other round a few of the deliveries have another body under the same key: whichever is first takes effect, and
all of the others are refused with `IdempotencyConflict`. Where all are alike, another body comes afterwards.

`python -m tests.reliability.same_key --rounds 1000`
"""

import argparse
import sys
from contextlib import ExitStack
from functools import lru_cache
from typing import Any, Final, NamedTuple

from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind, IdempotencyConflict
from licensing_core.services import Command, Licensing
from tests.reliability.figures import Figures
from tests.reliability.history import faults, past_of
from tests.reliability.places import KINDS, Place, a_place
from tests.reliability.race_crew import Bench, Broken, Crew, a_crew
from tests.reliability.race_world import (
    TENANT,
    WORKERS,
    a_host,
    at_noon,
    give,
    open_credits,
    record,
    resize,
    spend,
)

PROCS: Final = {"memory": 1, "sqlite": 4, "postgres": 4}
SHARES: Final = {"memory": 0.7, "sqlite": 0.15, "postgres": 0.15}
"""Which part of the rounds is played over each kind of store."""
_OTHERS: Final = 4
"""So many workers deliver another body, in every other round."""
_POOL: Final = "p1"
_CUSTOMER: Final = "c1"
_MADE: Final = ((AggregateKind.LICENSES, _POOL), (AggregateKind.CREDITS, _CUSTOMER))


class Delivery(NamedTuple):
    """The command that is delivered many times, another one under its key, and who delivers that one."""

    command: Command[Any]
    other: Command[Any]
    others: int


class Told(NamedTuple):
    """What one of the deliveries was told: an answer, as it is shown, or a refusal."""

    answer: str = ""
    refusal: LicensingError | None = None
    fault: str = ""


def deliver(bench: Bench, worker: int, sent: Delivery) -> Told:
    """What a worker is told; the first workers deliver the other body."""
    command = sent.other if worker < sent.others else sent.command
    return told_of(bench.store, command)


def told_of(store: Any, command: Command[Any]) -> Told:
    """What *command* is answered."""
    try:
        return Told(answer=repr(Licensing(store, _host(), at_noon).run(command)))
    except LicensingError as refusal:
        return Told(refusal=refusal)
    except Exception as error:  # noqa: BLE001 - whatever else leaves a service is a finding
        return Told(fault=f"{type(error).__name__}: {error}"[:300])


def a_delivery(number: int, workers: int) -> Delivery:
    """Round *number*: credits are spent, or a pool gets another size; an event tells of each."""
    key, others = f"k{number}", min(_OTHERS, workers // 2) if number % 2 else 0
    if number % 4 < 2:
        return Delivery(spend(_CUSTOMER, 1, key), spend(_CUSTOMER, 2, key), others)
    return Delivery(resize(_POOL, 2 * number, key), resize(_POOL, 2 * number + 1, key), others)


def judge(sent: Delivery, told: list[Any], afterwards: Told) -> list[str]:
    """What is wrong with what the deliveries were *told*, and with what a body that came *afterwards* was."""
    wrong = [
        one.error if isinstance(one, Broken) else one.fault for one in told if isinstance(one, Broken) or one.fault
    ]
    if wrong:
        return [f"an untyped error: {wrong[0]}"]
    conflict = IdempotencyConflict(key=sent.command.key)
    same, other = told[sent.others :], told[: sent.others]
    first, late = (same, other) if same[0].answer else (other, same)
    answers = {one.answer for one in first}
    if len(answers) != 1 or "" in answers:
        refusals = [one.refusal for one in first if one.refusal is not None]
        wrong.append(f"{len(answers)} different answers to one command, refusals {refusals[:2]}")
    if any(one.refusal != conflict for one in (*late, afterwards)):
        wrong.append("another body under the key was no conflict")
    return wrong


def run_in(place: Place, rounds: int, procs: int, workers: int = WORKERS, enough: int = 5) -> tuple[int, list[str]]:
    """How many rounds were played at *place*, and what was wrong; ends when *enough* was wrong."""
    wrong, played = list[str](), 0
    with ExitStack() as stack:
        store = stack.enter_context(place.opened())
        licensing = Licensing(store, _host(), at_noon)
        for command in (record(_POOL, "many"), open_credits(_CUSTOMER), give(_CUSTOMER, 1_000_000)):
            licensing.run(command)
        crew = stack.enter_context(a_crew(place, procs, workers // procs))
        while played < rounds and len(wrong) < enough:
            wrong += [f"round {played}: {fault}" for fault in _round(store, crew, played, workers)]
            played += 1
        wrong += _folds(store)
    return played, wrong


def _round(store: Any, crew: Crew, number: int, workers: int) -> list[str]:
    sent, before = a_delivery(number, workers), _versions(store)
    told = crew.run(deliver, sent)
    effects = sum(_versions(store)) - sum(before)
    late = sent.other if told_of(store, sent.command).answer else sent.command
    wrong = judge(sent, told, told_of(store, late))
    if effects != 1:
        wrong.append(f"{effects} effects of one command")
    return wrong


def _versions(store: Any) -> tuple[int, int]:
    nobody = frozenset[str]()
    with store.begin() as work:
        return work.pool(TENANT, _POOL, nobody).version, work.credits(TENANT, _CUSTOMER, nobody).version


def _folds(store: Any) -> list[str]:
    with store.begin() as work:
        pasts = [past_of(work, TENANT, kind, name, 0) for kind, name in _MADE]
    return [wrong for past in pasts for wrong in faults(past._replace(before=len(past.history)), ())]


def run(rounds: int, seed: int, kinds: tuple[str, ...] = KINDS, *, here: bool = False) -> Figures:
    """Play *rounds* rounds, shared out among stores of *kinds*; *here* is by threads of this process alone.

    There is no chance in it but that of the threads.
    """
    total, wrong, share = 0, list[str](), sum(SHARES[kind] for kind in kinds)
    for kind in kinds:
        with a_place(kind) as place:
            played, found = run_in(place, max(4, round(rounds * SHARES[kind] / share)), 1 if here else PROCS[kind])
        total += played
        again = f"python -m tests.reliability.same_key --backend {kind} --rounds {rounds} --seed {seed}"
        wrong += [f"{kind}: {one}; again: {again}" for one in found]
    return Figures(total, tuple(wrong), note=f"{WORKERS} deliveries each, over {', '.join(kinds)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=(*KINDS, "all"), default="all")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=6)
    asked = parser.parse_args()
    kinds = KINDS if asked.backend == "all" else (asked.backend,)
    return run(asked.rounds, asked.seed, kinds).tell("one key", asked.seed)


@lru_cache(maxsize=1)
def _host() -> Any:
    return a_host()


if __name__ == "__main__":
    sys.exit(main())

"""R24: what two transactions may do to each other elsewhere, forced through the ports: nobody sees any of it here.

A lost update, a read of what is rolled back, a read of two halves of a change, and two changes each of which rests on
what the other one changes. The steps of two parties are taken in the worst order. A step that has to wait for the
other party is left waiting, and the next one is taken.

`python -m tests.reliability.history_forced --backend postgres`
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Queue
from threading import Event, Thread
from typing import Any, Final

from licensing_core import pools
from licensing_core.directory import Actor, Role
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.plans import Switches
from licensing_core.protocols import AggregateKind, VersionConflict
from licensing_core.services import Licensing, replay
from tests.reliability.figures import Figures
from tests.reliability.places import KINDS, Place, a_place
from tests.reliability.race_watch import Aborted
from tests.reliability.race_world import NOON, TENANT, USERS, a_host, assign, at_noon, record

_GRACE: Final = 0.15
"""Seconds after which a step is taken to wait for the other party."""
_LONGEST: Final = 60.0
_ROOT: Final = Actor("root", Role.SUPERADMIN)
Names = tuple[str, str]
"""The ids of the two pools that it is about, of which the first is locked first."""
_MOVED: Final = USERS[0]

Step = Callable[[Any, dict[str, Any]], None]
"""What is done in a unit of work, and what is noted for later."""


class Party:
    """A unit of work in a thread of its own, which takes its steps when it is told to."""

    def __init__(self, store: Any, name: str, *, read_only: bool = False) -> None:
        self.name, self.noted = name, dict[str, Any]()
        self.refusal: BaseException | None = None
        self._steps: Queue[tuple[Step | None, Event]] = Queue()
        self._thread = Thread(target=self._work, args=(store, read_only), daemon=True)
        self._thread.start()

    def take(self, step: Step | None) -> None:
        """Take *step*, or end with `None`; it goes on by itself if it has to wait."""
        taken = Event()
        self._steps.put((step, taken))
        taken.wait(_GRACE)

    def ended(self) -> bool:
        """Whether it has changed what it wanted, once it has come to its end."""
        self._thread.join(_LONGEST)
        return self.refusal is None and not self._thread.is_alive()

    def _work(self, store: Any, read_only: bool) -> None:
        taken: Event | None = None
        try:
            with store.begin(read_only=read_only) as work:
                while True:
                    step, taken = self._steps.get()
                    if step is None:
                        break
                    step(work, self.noted)
                    taken.set()
        except (LicensingError, Aborted) as error:
            self.refusal = error
        if taken is not None:
            taken.set()
        while True:  # what it is still told to do is in vain
            with suppress(Exception):
                self._steps.get(timeout=_GRACE)[1].set()
                continue
            return


def load(*names: str) -> Step:
    """Load these pools, with all that is in them."""

    def loaded(work: Any, noted: dict[str, Any]) -> None:
        noted |= {name: work.pool(TENANT, name, None) for name in names}

    return loaded


def give(name: str, user: str, *, unless_any: bool = False) -> Step:
    """Give *user* a license of the pool as it was loaded; *unless_any* was given in whatever was loaded."""

    def given(work: Any, noted: dict[str, Any]) -> None:
        if unless_any and any(stored.state.consumed for stored in noted.values()):
            raise VersionConflict(aggregate=name, expected=0)
        stored = noted[name]
        decision = pools.assign(stored.state, [user], eligible=[user], switches=Switches(), by=_ROOT, now=NOON)
        work.save(TENANT, decision.state, expected=stored.version, events=decision.events)

    return given


def move(work: Any, noted: dict[str, Any]) -> None:
    """Move the user who has a license of the first of the pools that were loaded to the other one."""
    source, target = noted.values()
    sides: dict[str, Any] = {"source_switches": Switches(), "target_switches": Switches(), "by": _ROOT, "now": NOON}
    decision = pools.transfer(source.state, target.state, [_MOVED], eligible=[_MOVED], **sides)
    out, into = decision.events
    work.save(TENANT, decision.state.source, expected=source.version, events=[out])
    work.save(TENANT, decision.state.target, expected=target.version, events=[into])


def fail(_work: Any, _noted: dict[str, Any]) -> None:
    """Let the unit of work be rolled back."""
    raise Aborted


def lost_update(store: Any, names: Names) -> str:
    """Both read, and both write what they have worked out."""
    one, two = Party(store, "one"), Party(store, "two")
    _in_turn([(one, load(names[0])), (two, load(names[0])), (one, give(names[0], USERS[1])), (one, None)])
    _in_turn([(two, give(names[0], USERS[2])), (two, None)])
    given = one.ended() + two.ended()
    found = _stored(store, names[0]).state.consumed
    return "" if found == given else f"{given} were told that they gave a license, {found} are given"


def aborted_read(store: Any, names: Names) -> str:
    """One writes and is rolled back; the other one reads meanwhile, and writes."""
    one, two = Party(store, "one"), Party(store, "two")
    _in_turn([(one, load(names[0])), (one, give(names[0], USERS[1])), (two, load(names[0])), (one, fail)])
    _in_turn([(two, give(names[0], USERS[2])), (two, None)])
    kept = [one.ended(), two.ended()]
    seen, stored = two.noted[names[0]], _stored(store, names[0])
    right = seen.state.consumed == 0 and kept == [False, True] and stored.state.users(Holding.HELD) == (USERS[2],)
    return "" if right else f"{seen.state.consumed} seen of what was rolled back, {stored.state!r} stored"


def read_skew(store: Any, names: Names, *, read_only: bool = True) -> str:
    """One moves a user while the other one reads first one pool and then the other."""
    one, two = Party(store, "one"), Party(store, "two", read_only=read_only)
    _in_turn([(two, load(names[0])), (one, load(*names)), (one, move), (one, None), (two, load(names[1])), (two, None)])
    moved = one.ended()
    if not (two.ended() and moved):
        return f"refused: {one.refusal!r}, {two.refusal!r}"
    homes = [name for name in names if two.noted[name].state.holds(_MOVED)]
    return "" if len(homes) == 1 else f"somebody who was moved was seen in {homes}"


def read_skew_of_a_writer(store: Any, names: Names) -> str:
    """As `read_skew()`, where who reads might write."""
    return read_skew(store, names, read_only=False)


def write_skew(store: Any, names: Names) -> str:
    """Both see that there is none in either pool, and each gives one in another pool."""
    one, two = Party(store, "one"), Party(store, "two")
    _in_turn([(one, load(*names)), (two, load(*names)), (one, give(names[0], USERS[1], unless_any=True))])
    _in_turn([(two, give(names[1], USERS[2], unless_any=True)), (one, None), (two, None)])
    given = one.ended() + two.ended()
    found = sum(_stored(store, name).state.consumed for name in names)
    return "" if given == found == 1 else f"{given} gave a license since there was none, {found} are given"


FORCED: Final[tuple[Callable[[Any, Names], str], ...]] = (
    lost_update,
    aborted_read,
    read_skew,
    read_skew_of_a_writer,
    write_skew,
)


def _in_turn(steps: Sequence[tuple[Party, Step | None]]) -> None:
    for party, step in steps:
        party.take(step)


def _stored(store: Any, name: str) -> Any:
    """What is stored; raises `RuntimeError` when its history does not lead there."""
    with store.begin() as work:
        stored, history = work.pool(TENANT, name, None), work.history(TENANT, AggregateKind.LICENSES, name)
    if stored.state != replay(history):
        raise RuntimeError(f"the history of {name} does not lead to what is stored")
    return stored


def run_in(place: Place, enough: int = 5) -> tuple[int, list[str]]:
    """How many were forced at *place*, and what could be seen of them."""
    wrong, cases = list[str](), 0
    with place.opened() as store:
        licensing = Licensing(store, a_host(), at_noon)
        for forced in FORCED:
            names = (f"{forced.__name__}-1", f"{forced.__name__}-2")
            for name in names:
                licensing.run(record(name))
            if forced in (read_skew, read_skew_of_a_writer):
                licensing.run(assign(names[0], (_MOVED,), forced.__name__))
            try:
                seen = forced(store, names)
            except (LicensingError, RuntimeError) as error:
                seen = str(error)
            wrong += [f"{place.kind}, {forced.__name__}: {seen}"] if seen else []
            cases += 1
            if len(wrong) >= enough:
                break
    return cases, wrong


def run(kinds: Sequence[str] = KINDS) -> Figures:
    """Force each of them in an empty store of each of *kinds*; there is no chance in it."""
    wrong, cases = list[str](), 0
    for kind in kinds:
        with a_place(kind) as place:
            forced, found = run_in(place)
        cases, wrong = cases + forced, wrong + found
    return Figures(cases, tuple(wrong), note=f"{len(FORCED)} anomalies over {', '.join(kinds)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=(*KINDS, "all"), default="all")
    asked = parser.parse_args()
    return run(KINDS if asked.backend == "all" else (asked.backend,)).tell("anomalies", 0)


if __name__ == "__main__":
    sys.exit(main())

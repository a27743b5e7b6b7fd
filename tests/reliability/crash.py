"""R7: clients killed at random moments, and the server with all that it had in memory; nothing is lost or doubled.

Some lanes of clients send command after command and tell of each answer. A client is killed by SIGKILL; its successor
sends the command that was open again, under the same key. In the end whatever was answered is there as it was
answered, whatever was sent has taken effect once or not at all, and the histories lead to what is stored.

`python -m tests.reliability.crash --backend sqlite --kills 20 --seed 3`
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Final

from licensing_core.protocols import AggregateKind, Page
from licensing_core.services import Licensing, replay
from tests.reliability.crash_client import CUSTOMER, POOLS, Journal, Said, bought_by, client, digest
from tests.reliability.figures import Figures
from tests.reliability.places import Place, a_database, a_place, a_server
from tests.reliability.race_crew import processes
from tests.reliability.race_world import (
    TENANT,
    USERS,
    a_host,
    assign,
    at_noon,
    give,
    open_credits,
    record,
)

LANES: Final = {"sqlite": 1, "postgres": 4}
"""How many lanes of clients there are at once. On SQLite a client that begins would mostly wait for the others."""
KEPT: Final = True
"""A successor keeps the key of the command that was open; one that does not is planted."""
BETWEEN: Final = 40
"""Of so many kills one at least is to fall between commit and reply."""
_LONGEST: Final = 60.0
"""Seconds within which a client has sent something."""
_PAGE: Final = 100
_EACH: Final = 5
"""For so many strikes there is one lane more, up to all of them."""
_SENT: Final = 4
"""So many commands a client sends at most before it is killed, unless others are killed meanwhile."""


class Lane:
    """The clients that follow each other in one lane, and what they told.

    Attributes:
        done: By number, the key of each command that was answered, and what its answer was.
        open, key: The number of what was sent last and is not answered, or comes next; and the key, if it was sent.
        between: How often a successor found that the key of what was open is used.
    """

    def __init__(self, place: Place, number: int, folder: Path) -> None:
        self.number, self._place, self._journal = number, place, folder / f"lane-{number}"
        self.done, self.wrong = dict[int, tuple[str, str]](), list[str]()
        self.open, self.key, self.kills, self.between = 0, "none", 0, 0
        self._sent, self._pace, self._heard = 0, 0.02, 0.0
        self._process: Any = None

    def start(self) -> None:
        """Let a client begin, with what is open."""
        context, self._sent = processes(), 0
        self._pipe, there = context.Pipe(duplex=False)
        attempt = 0 if KEPT else self.kills
        given = (self._place, self.number, self.open, attempt, there, self._journal)
        self._process = context.Process(target=client, args=given, daemon=True)
        self._process.start()
        there.close()

    def hear(self) -> int:
        """Take note of what the client has told so far: how many commands it has sent."""
        with suppress(EOFError):
            while self._pipe.poll():
                self._note(self._pipe.recv())
        return self._sent

    def kill(self, dice: Random) -> None:
        """End the client at a random moment of one of its first commands."""
        until, some = monotonic() + _LONGEST, dice.randint(1, _SENT)
        while self.hear() < some and not self.wrong and monotonic() < until:
            sleep(0.0005)
        sleep(dice.uniform(0, self._pace))
        self.end()
        self.kills += 1

    def end(self) -> None:
        """End the client, if there is one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        with suppress(EOFError):
            while True:
                self._note(self._pipe.recv())
        self._pipe.close()
        self._process = None
        self.done = Journal.read(self._journal)
        if self.open in self.done:
            self.open, self.key = self.open + 1, "none"

    def _note(self, said: Said) -> None:
        if said.what == "used":
            self.between += bool(said.text)
        elif said.what == "open":
            now, self._sent = monotonic(), self._sent + 1
            if self._sent > 1:  # how long a command takes, the last ones above all
                self._pace = 0.8 * self._pace + 0.2 * (now - self._heard)
            self.open, self.key, self._heard = said.number, said.key, now
        else:
            self.wrong.append(f"lane {self.number}, command {said.number}: {said.text}")


def begin(place: Place, lanes: int) -> None:
    """What is there before the first client: pools with a user of each lane, and credits."""
    with place.opened() as store:
        licensing = Licensing(store, a_host(), at_noon)
        for pool in POOLS:
            licensing.run(record(pool, "many"))
        licensing.run(assign(POOLS[0], USERS[:lanes], "first"))
        licensing.run(open_credits(CUSTOMER))
        licensing.run(give(CUSTOMER, 1_000_000))


def run_in(place: Place, strikes: Sequence[Callable[[list[Lane]], None]]) -> tuple[list[Lane], list[str]]:
    """The lanes after all *strikes* at *place*, and what is wrong in the end."""
    with TemporaryDirectory() as folder:
        some = min(LANES[place.kind], 1 + len(strikes) // _EACH)
        lanes = [Lane(place, number, Path(folder)) for number in range(some)]
        begin(place, len(lanes))
        try:
            for lane in lanes:
                lane.start()
            for strike in strikes:
                strike(lanes)
                if any(lane.wrong for lane in lanes):
                    break
        finally:
            for lane in lanes:
                lane.end()
    with place.opened() as store:
        return lanes, [wrong for lane in lanes for wrong in lane.wrong] + verify(store, lanes)


def client_kills(number: int, seed: int) -> list[Callable[[list[Lane]], None]]:
    """So many kills of a client of a random lane, whose successor begins at once."""
    dice = Random(f"{seed}/clients")

    def kill(lanes: list[Lane]) -> None:
        for lane in lanes:
            lane.hear()  # a pipe that is full would stop them
        lane = dice.choice(lanes)
        lane.kill(dice)
        lane.start()

    return [kill] * number


def server_kills(number: int, seed: int, server: Any) -> list[Callable[[list[Lane]], None]]:
    """So many kills of *server*, which recovers; the clients live on and send again what was open."""
    dice = Random(f"{seed}/server")

    def kill(lanes: list[Lane]) -> None:
        until = monotonic() + dice.uniform(0.1, 0.4)
        while monotonic() < until:
            for lane in lanes:
                lane.hear()
            sleep(0.01)
        server.kill()
        server.again()

    return [kill] * number


def verify(store: Any, lanes: Sequence[Lane]) -> list[str]:
    """What was lost, doubled or torn."""
    wrong, spent = list[str](), 0
    with store.begin() as work:
        for lane in lanes:
            wrong += _answered(work, lane)
            used = work.recall(TENANT, lane.key) is not None
            effective = range(lane.open + used)
            spent += sum(number % 3 == 0 for number in effective)
            wrong += _placed(work, lane, effective)
            wrong += _bought(work, lane, effective)
        wrong += _spent(work, spent)
    return wrong + _handed_over(store)


def _handed_over(store: Any) -> list[str]:
    """The outbox has each event of each history once, those of one aggregate in their order."""
    told = dict[tuple[AggregateKind, str], list[int]]()
    with store.begin() as work:
        while envelopes := work.outbox(TENANT, _PAGE):
            work.handed_over(TENANT, envelopes)
            for one in envelopes:
                told.setdefault((one.kind, one.aggregate), []).append(one.sequence)
        wanted = {key: [one.sequence for one in work.history(TENANT, *key)] for key in told}
        made = {
            (kind, name) for kind in AggregateKind for name in work.stored(TENANT, kind, Page(most=_PAGE))
        }  # of more than a page those of the page are seen to be told
    return [] if told == wanted and made <= told.keys() else ["the outbox and the histories do not tell the same"]


def _answered(work: Any, lane: Lane) -> list[str]:
    """Each answer that was told is remembered as it was told, and none is missing in between."""
    if sorted(lane.done) != list(range(len(lane.done))):
        return [f"lane {lane.number}: answers are missing among {len(lane.done)}"]
    found = ((number, told, work.recall(TENANT, key)) for number, (key, told) in lane.done.items())
    return [
        f"lane {lane.number}: command {number} was answered, and is lost or answered otherwise"
        for number, told, kept in found
        if kept is None or digest(kept.answer) != told
    ]


def _placed(work: Any, lane: Lane, effective: range) -> list[str]:
    """The user of the lane is where the last transfer took it, and in no other pool."""
    moves, user = sum(number % 3 == 1 for number in effective), USERS[lane.number]
    held = [pool for pool in POOLS if work.pool(TENANT, pool, frozenset({user})).state.holds(user)]
    return [] if held == [POOLS[moves % 2]] else [f"lane {lane.number}: after {moves} transfers {user} is in {held}"]


def _bought(work: Any, lane: Lane, effective: range) -> list[str]:
    """Both pools of each purchase are there, and of none that did not take effect."""
    wrong = list[str]()
    for number in range(lane.open + 1):
        if number % 3 == 2:
            names = bought_by(lane.number, number)
            there = [name for name in names if work.pool(TENANT, name, None) is not None]
            if there != (list(names) if number in effective else []):
                wrong.append(f"lane {lane.number}: torn, of {names} there is {there}")
            wrong += [fault for name in there for fault in _folds(work, AggregateKind.LICENSES, name)]
    return wrong


def _spent(work: Any, spent: int) -> list[str]:
    burned = work.credits(TENANT, CUSTOMER, None).state.balances.burned
    wrong = [] if burned == spent else [f"{'doubled' if burned > spent else 'lost'}: {burned} spent, {spent} told"]
    kinds = [(AggregateKind.CREDITS, CUSTOMER), *((AggregateKind.LICENSES, pool) for pool in POOLS)]
    return wrong + [fault for kind, name in kinds for fault in _folds(work, kind, name)]


def _folds(work: Any, kind: AggregateKind, name: str) -> list[str]:
    load = work.credits if kind is AggregateKind.CREDITS else work.pool
    stored, history = load(TENANT, name, None), work.history(TENANT, kind, name)
    whole = stored.version == len(history) and stored.state == replay(history)
    return [] if whole else [f"torn: {name} is not what its history leads to"]


def run(kind: str, kills: int, server: int, seed: int, least: int = BETWEEN) -> Figures:
    """Kill so many clients over a new store of *kind*, and so often its *server*, which PostgreSQL has.

    Of *least* kills one at least must have fallen between commit and reply; else this has not shown much.
    """
    if kind == "postgres":
        running = a_server()
        lanes, wrong = run_in(a_database(running), client_kills(kills, seed))
        killed = server if not wrong else 0
        more, found = run_in(a_database(running), server_kills(killed, seed, running))
    else:
        killed, more, found = 0, list[Lane](), list[str]()
        with a_place(kind) as place:
            lanes, wrong = run_in(place, client_kills(kills, seed))
    between, answered = sum(one.between for one in lanes), sum(len(one.done) for one in (*lanes, *more))
    if between < kills // least:
        wrong.append(f"only {between} of {kills} kills fell between commit and reply")
    again = f"python -m tests.reliability.crash --backend {kind} --kills {kills} --server {server} --seed {seed}"
    note = f"{kind}: {answered} answered, {between} killed between commit and reply, {killed} times the server"
    return Figures(kills + killed, tuple(f"{one}; again: {again}" for one in (*wrong, *found)), note=note)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--server", type=int, default=2, help="kills of the server, of PostgreSQL only")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    return run(asked.backend, asked.kills, asked.server, asked.seed).tell("kills", asked.seed)


if __name__ == "__main__":
    sys.exit(main())

"""A client that is killed, and its successor: what it sends, under which keys, and how it tells of it.

What it is about to send it tells through a pipe, and what it was answered it writes to a journal on the disk before it
goes on; both keep what was written when the client is no more. What a lane of clients sends follows from its number, so
that a successor knows the command that was open.
"""

import os
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any, Final, NamedTuple

from licensing_core.errors import LicensingError
from licensing_core.protocols import StoreUnavailable
from licensing_core.serde import dumps
from licensing_core.services import Command, Licensing
from tests.reliability.places import Place
from tests.reliability.race_world import TENANT, USERS, a_host, at_noon, check_out, spend, transfer

POOLS: Final = ("p1", "p2")
CUSTOMER: Final = "c1"
_TRIES: Final = 500
"""So often a client sends a command again when the store is not available."""
_PAUSE: Final = 0.02


class Said(NamedTuple):
    """One message: *used* (a successor found the key used, or not), *open*, or *wrong* (and why)."""

    what: str
    number: int
    key: str
    text: str = ""


def intent(lane: int, number: int, attempt: int = 0) -> Command[Any]:
    """What *lane* does as its *number*-th: spend, move a user to and fro, or buy two pools at once.

    *attempt* makes the key another one, which no client should do.
    """
    key = f"k-{lane}-{number}" + (f"-{attempt}" if attempt else "")
    if number % 3 == 0:
        return spend(CUSTOMER, 1, key)
    if number % 3 == 1:
        there = (number // 3) % 2
        return transfer(POOLS[there], POOLS[1 - there], (USERS[lane],), key)
    return check_out(bought_by(lane, number), key)


def bought_by(lane: int, number: int) -> tuple[str, str]:
    """The pools that the purchase of this *number* opens."""
    return f"a-{lane}-{number}", f"b-{lane}-{number}"


def digest(answer: Any) -> str:
    """What tells two answers apart, of the document that a client would send on."""
    return sha256(dumps(answer).encode()).hexdigest()[:16]


class Journal:
    """What was answered: a line of number, key and digest for each command, on the disk before the next is sent."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, number: int, key: str, answer: Any) -> None:
        """Write the line."""
        os.write(self._file, f"{number} {key} {digest(answer)}\n".encode())
        os.fsync(self._file)

    @staticmethod
    def read(path: Path) -> dict[int, tuple[str, str]]:
        """By number, key and digest; a last line that was cut off is none."""
        if not path.exists():
            return {}
        lines = (line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n"))
        return {int(number): (key, told) for number, key, told in lines}


def client(place: Place, lane: int, number: int, attempt: int, pipe: Any, path: Path) -> None:
    """Send what is open first, and then on and on, until the process is killed or something is wrong.

    Args:
        number: What is open, or comes next.
        attempt: Of which client the key is; 0 for the key of the intent alone.
        path: Where the journal of the lane is.
    """
    store, journal = place.open(), Journal(path)
    licensing = Licensing(store, a_host(), at_noon)
    first = True
    while True:
        command = intent(lane, number, attempt if first else 0)
        if first:
            pipe.send(Said("used", number, command.key, "yes" if _used(store, command.key) else ""))
        pipe.send(Said("open", number, command.key))
        try:
            answer = _sent(licensing, command)
        except Exception as error:  # noqa: BLE001 - all are findings: nothing here may be refused
            pipe.send(Said("wrong", number, command.key, f"{type(error).__name__}: {error}"[:300]))
            return
        journal.note(number, command.key, answer)
        number, first = number + 1, False


def _used(store: Any, key: str) -> bool:
    for _ in range(_TRIES):
        try:
            with store.begin() as work:
                return work.recall(TENANT, key) is not None
        except StoreUnavailable:
            sleep(_PAUSE)
    return False


def _sent(licensing: Licensing, command: Command[Any]) -> Any:
    """The answer to *command*, sent again under its key as long as the store is not available."""
    for _ in range(_TRIES):
        try:
            return licensing.run(command)
        except StoreUnavailable:
            sleep(_PAUSE)
        except LicensingError:
            raise
    return licensing.run(command)

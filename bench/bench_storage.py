"""One command and one page in a stored pool of a million holdings, against the same in a small one.

SQLite in a file, whole commands under keys of their own, filled by bulk inserts before the clock starts. In each world
there are as many users as holdings; every other user holds a license, so that a page of 100 candidates looks 200 up.

Time is that of the CPU; the commit waits for the disk besides, in both alike. Before it is taken, what is done with the
database is counted: as many statements in the large pool as in the small one, and as many rows read or changed, or
there is no table; and no more instructions of SQLite's virtual machine than the time may be, so that rows that are only
scanned would be seen as well.
"""

import atexit
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.harness import Row
from bench.stored import World, counts_of, made, users_of
from licensing_core.seat_administration import Task

MANY, FEW, TINY = 1_000_000, 1_000, 100
Do = Callable[[World], object]


@cache
def folder() -> Path:
    """One for all worlds, which is gone with the process."""
    made_here = TemporaryDirectory(ignore_cleanup_errors=True)
    atexit.register(made_here.cleanup)
    return Path(made_here.name)


@cache
def world(holdings: int) -> World:
    """The same for all rows; it is seen to that a page is the right one."""
    found = made(folder(), holdings)
    if list(found.candidates().ids) != users_of(holdings)[1::2][:100]:
        raise AssertionError(holdings)
    return found


@cache
def seen_to_be_alike(do: Do, few: int, most: int) -> None:
    """Refuse to measure what does another number of things with a large pool than with one of *few* holdings."""
    for size in (MANY, few):
        do(world(size))
    large, small = (counts_of(partial(do, world(size))) for size in (MANY, few))
    if (large.statements, large.rows) != (small.statements, small.rows) or large.steps > most * small.steps:
        raise AssertionError((do, large, small))


def page(of: World) -> object:
    """A page of candidates from the middle of the list on."""
    return of.candidates(Task.ASSIGN, _middle(of))


def holders(of: World) -> object:
    """A page of those whose license may be taken, from the middle of the list on."""
    return of.candidates(Task.UNASSIGN, _middle(of))


def _middle(of: World) -> str:
    return of.newcomer[:1] + f"{int(of.newcomer[1:]) - 1:07d}"


def compared(what: str, peer: str, do: Do, few: int, most: int, per: int = 1) -> Row:
    """*do* in a pool of a million against the same in one of *few*, *per* commands a call, in *most* times the time."""

    def ours() -> object:
        seen_to_be_alike(do, few, most)
        return do(world(MANY))

    return Row("", what, peer, ours, lambda: do(world(few)), at_most=most, ours_per=per, theirs_per=per)


def rows() -> list[Row]:
    """The rows of the table."""
    return [
        compared("100 candidates of 1,000,000 holdings", "100 candidates of 1,000", page, FEW, 3),
        compared("100 holders of 1,000,000 to unassign", "100 holders of 1,000", holders, FEW, 3),
        compared("assign in 1,000,000 stored holdings", "the same in 100", World.there_and_back, TINY, 2, per=2),
    ]

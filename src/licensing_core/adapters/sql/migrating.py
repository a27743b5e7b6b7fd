"""Leads the tables of a database from one revision to another, up and down, without a file of settings.

The functions work on an open connection, in its transaction, and leave the commit to the caller; whatever is not
committed has not happened, on SQLite too. Two who do this at once do it one after the other.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from licensing_core.adapters.sql.revisions import (
    REVISIONS,
    VERSION,
    MigrationNeeded,
    TableNamesTaken,
    begun,
    revision_of,
)
from licensing_core.checks import FrozenMap, InvalidArgument, shown

__all__ = ["REVISIONS", "MigrationNeeded", "TableNamesTaken", "downgrade", "revision_of", "upgrade"]

_UP_TO: Final[Mapping[str, str | None]] = FrozenMap({"head": REVISIONS[-1]})
_DOWN_TO: Final[Mapping[str, str | None]] = FrozenMap({"base": None})


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Lead the tables on to *revision*; they stay as they are when they are that far.

    Args:
        connection: Of a user that may make and change tables.
        revision: One of `REVISIONS`, or `head` for the last of them.

    Raises:
        InvalidArgument: *revision* is none of these.
        MigrationNeeded: The tables are of a revision that this version of the library does not know.
        TableNamesTaken: There are tables of others under names that are needed; nothing is changed then.
        BrokenHistory: An event is missing, so that a history cannot be chained.
    """
    wanted, found = _named(revision, _UP_TO), begun(connection, making=True)
    if _place(found) < _place(wanted):
        script = _scripts()
        upward = reversed(list(script.iterate_revisions(wanted, found, implicit_base=True)))
        _run(connection, (MigrationStep.upgrade_from_script(script.revision_map, one) for one in upward))


def downgrade(connection: Connection, revision: str) -> None:
    """Lead the tables back to *revision*; they stay as they are when they are not further on.

    What older tables have no place for is lost.

    Args:
        connection: As for `upgrade()`.
        revision: One of `REVISIONS`, or `base` to take all tables away.

    Raises:
        InvalidArgument: *revision* is none of these.
        MigrationNeeded: As for `upgrade()`.
    """
    wanted, found = _named(revision, _DOWN_TO), begun(connection)
    if _place(found) > _place(wanted):
        script = _scripts()
        downward = script.iterate_revisions(found, wanted, select_for_downgrade=True)
        _run(connection, (MigrationStep.downgrade_from_script(script.revision_map, one) for one in downward))


def _named(revision: str, names: Mapping[str, str | None]) -> str | None:
    if revision in names:
        return names[revision]
    if revision in REVISIONS:
        return revision
    expected = f"one of {', '.join((*REVISIONS, *names))}"
    raise InvalidArgument(parameter="revision", expected=expected, got=shown(revision))


def _place(revision: str | None) -> int:
    return 0 if revision is None else REVISIONS.index(revision) + 1


def _run(connection: Connection, steps: Iterable[MigrationStep]) -> None:
    opts = {"version_table": VERSION.name, "fn": lambda _heads, _context: steps}
    context = MigrationContext.configure(connection, opts=opts)
    context.run_migrations(op=Operations(context))


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).with_name("migrations")))

"""R13: no command or query of one tenant reads or writes anything of another, whatever ids it names.

Two tenants have something of everything, under the same ids and with other people, names, amounts and times. Every
public command and query is run for one of them where the other is there, where it is not, and where only the other
is: the answers must be the same wherever the other is or is not, none may hold anything of the other, and all that is
stored of the other must stay. Likewise each method of a unit of work.

`python -m tests.reliability.tenants`
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from random import Random
from typing import Any, Final, NamedTuple

import attrs

from licensing_core.adapters.memory import MemoryStore, MemoryUnitOfWork
from licensing_core.adapters.sql import SqlStore
from licensing_core.adapters.sql.schema import METADATA
from licensing_core.errors import LicensingError
from licensing_core.protocols import Store
from licensing_core.services import Licensing, OpenCredit, Query
from tests.reliability.diff_adapters import Outcome
from tests.reliability.diff_adapters_drawn import found_kinds
from tests.reliability.diff_adapters_ports import ARGUMENTS, BY_COMMANDS, Question, methods
from tests.reliability.figures import Figures
from tests.service_samples import FURNISHING, JUNE, NEEDS, of_tenant
from tests.service_world import NOON, Clock, host

MINE: Final = "globex"
OTHER: Final = "acme"
NOBODYS: Final = "initech"
"""A tenant of which nothing is stored."""
CANARY: Final = "Canary"
KINDS: Final = ("memory", "sqlite", "postgres")
SHARED: Final = "it@a1.example"
"""The e-mail address of a customer of each tenant, of another one in either."""
_PEOPLE: Final[Mapping[str, str]] = {"u1": "u11", "u7": "u17"}
"""Who is in the place of whom; the others hold the same in both tenants."""


class Kept(Exception):
    """Leaves a unit of work of which nothing is to stay."""


class Undone:
    """A store of which nothing stays; *seen* is what was stored of another tenant just before a unit of work ended."""

    def __init__(self, store: Store, *, watching: bool) -> None:
        self._store, self._watching, self.seen = store, watching, dict[str, Any]()

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        with suppress(Kept), self._store.begin(read_only=read_only) as work:
            yield work
            if self._watching:
                self.seen = rows_of(work, OTHER)
            raise Kept


def rows_of(work: Any, tenant: str) -> dict[str, Any]:
    """All that is stored of *tenant* as seen in an open unit of work: rows by table, from under the ports."""
    work.numbers(tenant)  # what is written before is sent before something is read
    if isinstance(work, MemoryUnitOfWork):
        tables = ((name, table) for name, table in vars(work._open()).items() if name != "turn")
        return {
            name: {key: dict(row) if isinstance(row, dict) else row for key, row in table.items() if key[0] == tenant}
            for name, table in tables
        }
    channel = work._channel
    driver = getattr(channel, "_driver", None) or channel._connection.connection.driver_connection
    found: dict[str, Any] = {}
    for table in METADATA.sorted_tables:
        if "tenant" in table.c:
            cursor = driver.cursor()
            cursor.execute(f"SELECT * FROM {table.name} WHERE tenant = '{tenant}'")
            found[table.name] = sorted(map(repr, cursor.fetchall()))
    return found


def as_other(asked: Query[Any]) -> Query[Any]:
    """The command with which the other tenant is furnished in place of *asked*: of other people, names and amounts."""
    fields: dict[str, Any] = {"tenant": OTHER}
    for name, field in attrs.fields_dict(type(asked)).items():
        value: Any = getattr(asked, name) if field.init else None
        if name in ("name", "email"):
            other = SHARED if getattr(asked, "customer", "") == "a2" else value.replace("it@", "canary@")
            fields[name] = f"{CANARY} {value}" if name == "name" else other
        elif name in ("user", "person", "grantee"):
            fields[name] = _PEOPLE.get(value, value)
        elif name == "users":
            fields[name] = frozenset(_PEOPLE.get(one, one) for one in value)
        elif isinstance(asked, OpenCredit) and name == "amount":
            fields[name] = value + value
        elif name == "terms" and hasattr(value, "item"):
            fields[name] = attrs.evolve(value, item=f"{CANARY}-{value.item}")
    return of_tenant(attrs.evolve(asked, **fields), OTHER)


def furnish_both(store: Store, *, mine: bool, other: bool) -> None:
    """Give one tenant, or the other, or both something of everything."""
    if mine:
        licensing = Licensing(store, host(MINE), Clock())
        for asked in FURNISHING:
            licensing.run(of_tenant(asked, MINE))
    if other:
        licensing = Licensing(store, host(OTHER), clock := Clock())
        clock.now = NOON + timedelta(minutes=7)
        for asked in FURNISHING:
            licensing.run(as_other(asked))


class Case(NamedTuple):
    """Something that is asked for a tenant, at a time."""

    name: str
    asked: Query[Any] | Question
    tenant: str


def cases(tenant: str) -> Iterator[Case]:
    """Every public command and query, and each method of a unit of work; raises `KeyError` where one has no sample."""
    for kind in found_kinds():
        yield Case(kind.__name__, of_tenant(NEEDS[kind][0], tenant), tenant)
    for name in sorted(methods() - BY_COMMANDS):
        for number in range(4):
            rng = Random(f"{name}/{number}")
            arguments = tuple(draw(rng) for draw in ARGUMENTS[name])
            yield Case(f"work.{name}", Question(name, (tenant, *arguments)), tenant)


def outcome(store: Any, case: Case) -> Outcome:
    """What *case* is answered in *store*."""
    clock = Clock()
    clock.now = NOON + timedelta(days=20) if isinstance(case.asked, JUNE) else NOON
    try:
        if isinstance(case.asked, Question):
            with store.begin() as work:
                return Outcome(case.asked.put(work))
        return Outcome(Licensing(store, host(case.tenant), clock).run(case.asked))
    except LicensingError as refusal:
        return Outcome(refusal=refusal)


class Worlds(NamedTuple):
    """Stores with both tenants, with one of them, with the other one only, and with none."""

    both: Store
    mine: Store
    other: Store
    none: Store


@contextmanager
def worlds(kind: str, server: Any = None) -> Iterator[Worlds]:
    """The four stores of a *kind*; for PostgreSQL in databases of *server*."""
    with ExitStack() as stack:
        made: list[Any] = []
        for mine, other in ((True, True), (True, False), (False, True), (False, False)):
            if kind == "memory":
                made.append(MemoryStore())
            else:
                url = "sqlite://" if kind == "sqlite" else server.new_database()
                made.append(stack.enter_context(closing(SqlStore(url))))
                made[-1].create()
            furnish_both(made[-1], mine=mine, other=other)
        yield Worlds(*made)


def leaks(there: Worlds) -> Iterator[str]:
    """What one tenant sees or changes of the other."""
    with there.both.begin() as work:
        before = rows_of(work, OTHER)
    for tenant, beside, alone in ((MINE, there.both, there.mine), (NOBODYS, there.other, there.none)):
        watched, apart = Undone(beside, watching=True), Undone(alone, watching=False)
        for case in cases(tenant):
            watched.seen = before
            said, due = outcome(watched, case), outcome(apart, case)
            if said != due:
                yield f"{case.name} for {tenant}: {said.tell()} beside another tenant, and {due.tell()} without it"
            if CANARY.lower() in f"{said.answer!r} {said.refusal!r}".lower():
                yield f"{case.name} for {tenant} tells of another tenant: {said.tell()}"
            if watched.seen != before:
                yield f"{case.name} for {tenant} changes what is stored of another tenant"
    with there.both.begin() as work:
        if rows_of(work, OTHER) != before:
            yield "what is stored of another tenant was changed by one that was refused"


def run(seed: int = 13, kinds: tuple[str, ...] = KINDS, server: Any = None, enough: int = 5) -> Figures:
    """Ask everything over stores of *kinds*; there is no chance in it."""
    wrong, asked = list[str](), 0
    with ExitStack() as stack:
        if "postgres" in kinds and server is None:
            from tests.postgres import Server

            server = stack.enter_context(Server.start(durable=False))
        for kind in kinds:
            with worlds(kind, server) as there:
                asked += sum(1 for tenant in (MINE, NOBODYS) for _ in cases(tenant))
                for one in leaks(there):
                    wrong.append(f"{kind}: {one}; again: python -m tests.reliability.tenants --backend {kind}")
                    if len(wrong) >= enough:
                        return Figures(asked, tuple(wrong))
    note = f"{len(found_kinds())} commands and queries, {len(methods() - BY_COMMANDS)} ports, over {', '.join(kinds)}"
    return Figures(asked, tuple(wrong), note=note)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=(*KINDS, "all"), default="all")
    asked = parser.parse_args()
    return run(13, KINDS if asked.backend == "all" else (asked.backend,)).tell("tenants", 13)


if __name__ == "__main__":
    sys.exit(main())

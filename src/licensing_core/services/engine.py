"""How a use case is run: once under its key, in one unit of work, synchronously or asynchronously.

A use case is a generator that yields questions to the ports and receives the answers. A question is a function of
`Ports`, so that the same one gives an answer with synchronous ports and an awaitable with asynchronous ones.
"""

import hashlib
import inspect
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache, partial
from time import perf_counter
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar, cast

import attrs
from attrs import frozen

from licensing_core.checks import MAX_BULK, Id, UserId, Value, as_instant, as_is, checked, instance
from licensing_core.decisions import Event, Verdict, twin
from licensing_core.errors import LicensingError, Mistake
from licensing_core.protocols import (
    Aggregate,
    AsyncHost,
    AsyncStore,
    Clock,
    Envelope,
    Host,
    IdempotencyConflict,
    Observer,
    Remembered,
    Store,
    StoreUnavailable,
    UnitOfWork,
    VersionConflict,
)
from licensing_core.protocols.shapes import as_async_host, as_called, as_host, as_store
from licensing_core.services.handing_over import TRIES, hand_over, hand_over_async, may_try_again

A = TypeVar("A", bound=Value)
B = TypeVar("B", bound=Value, covariant=True)
C = TypeVar("C")
T = TypeVar("T")


@frozen(kw_only=True, field_transformer=checked)
class Ports(Value):
    """What a use case may ask: the open unit of work, and the host."""

    work: Annotated[UnitOfWork, as_is]
    host: Annotated[Host, as_is]


UseCase = Generator[Callable[[Ports], Any], Any, T]


@frozen
class _Done(Generic[T]):
    answer: T


class _Undone(Exception):
    """Leaves a unit of work that was only tried, so that it is rolled back."""


class _Answered(Exception):
    """Leaves the unit of work of a command that took effect before, so that what it did this time is rolled back."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def ask(question: Callable[[Ports], T]) -> UseCase[T]:
    """Yield *question* and return its answer; for `yield from`."""
    answer: T = yield question
    return answer


@frozen(kw_only=True, field_transformer=checked)
class Query(Value, Generic[B]):
    """A question to the stored state that changes nothing."""

    tenant: Id

    @abstractmethod
    def steps(self, now: datetime) -> UseCase[B]:
        """The use case: what to load, and what to answer."""


@frozen(kw_only=True, field_transformer=checked)
class Command(Query[B]):
    """A change that is made once for its *key*, however often it is sent.

    Attributes:
        tenant: Whose data it touches; nothing of another tenant is seen.
        key: Chosen by the caller for one intent and kept through every retry of it. The same key with another
            command is refused.
        actor: Who acts; what they may do is read from the host inside the transaction.
    """

    rule: ClassVar[str] = ""
    """The rule that allows it: what `Licensing.may()` answers with."""

    key: Id
    actor: UserId

    @property
    def most_users(self) -> int:
        """How many users one such command takes at most, if it takes any: into how large parts `split()` cuts it."""
        return MAX_BULK

    @property
    def named(self) -> AbstractSet[str] | None:
        """The users that `split()` shares out; `None` for a command that takes none."""
        users: AbstractSet[str] | None = getattr(self, "users", None)
        return users

    def narrowed(self, users: frozenset[str], left: int) -> dict[str, Any]:
        """The fields of the part of it that is about *users*, after which as many as *left* are left."""
        return {"users": users}

    @abstractmethod
    def steps(self, now: datetime) -> UseCase[B]:
        """The use case: what to load, decide and save, and what to answer."""


_as_query: Final = instance(Query)
_as_command: Final = instance(Command)


def save(command: Command[Any], aggregate: Aggregate, version: int, events: Sequence[Event]) -> UseCase[None]:
    """Store *aggregate* after *version* with *events*; nothing when there are none, for nothing changed."""
    if events:
        yield from ask(lambda ports: ports.work.save(command.tenant, aggregate, expected=version, events=events))


def _plain(value: object, **instead: str) -> object:
    if isinstance(value, Value):
        kind: Any = type(value)
        return (kind.__name__, *((name, _plain(instead.get(name, getattr(value, name)))) for name in _names(kind)))
    if isinstance(value, Mapping):
        return ("map", *sorted((str(k), _plain(v)) for k, v in value.items()))
    if isinstance(value, AbstractSet):
        return ("set", *sorted(map(repr, map(_plain, value))))
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    return repr(value)


@lru_cache(maxsize=512)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind) if field.init)


def digest_of(value: Value, **instead: str) -> str:
    """A digest of *value* and all in it, of some fields what is given *instead*; the same on every machine."""
    return hashlib.sha256(repr(_plain(value, **instead)).encode()).hexdigest()


def fingerprint(command: Command[Any]) -> str:
    """A digest of all that *command* asks for, but for its key."""
    return digest_of(command, key="key")


def _once(command: Command[A], now: datetime, *, sure: bool) -> UseCase[A]:
    """What *command* answers, or answered when it took effect.

    Its key is looked up first when that is to be *sure*. Else it is taken for new, as nearly all are: nothing takes
    effect under a used key, since it cannot be remembered again, and whoever is refused for that tries again.
    """
    digest = fingerprint(command)
    known = (yield from _recalled(command, digest)) if sure else None
    if known is not None:
        return known
    try:
        answer = yield from command.steps(now)
    except (VersionConflict, StoreUnavailable):
        raise
    except LicensingError as refusal:
        known = yield from _recalled(command, digest)  # what took effect may be why it is refused now
        if known is None:
            raise
        raise _Answered(known) from refusal
    used = Remembered(fingerprint=digest, answer=answer)
    yield from ask(lambda ports: ports.work.remember(command.tenant, command.key, used))
    return answer


def _recalled(command: Command[A], digest: str) -> UseCase[A | None]:
    """What was answered under the key of *command*; `None` when it is new."""
    known = yield from ask(lambda ports: ports.work.recall(command.tenant, command.key))
    if known is None:
        return None
    if known.fingerprint != digest:
        raise IdempotencyConflict(key=command.key)
    return cast("A", known.answer)


def _use_case(asked: Query[A], now: datetime, *, sure: bool) -> UseCase[A]:
    query, at = cast("Query[A]", _as_query("asked", asked)), as_instant("now", now)
    return _once(query, at, sure=sure) if isinstance(query, Command) else query.steps(at)


def _step(take: Callable[[], Callable[[C], Any]]) -> Callable[[C], Any] | _Done[Any]:
    """The next question of a use case that *take* leads on, or what it ends with."""
    try:
        return take()
    except StopIteration as end:
        return _Done(end.value)


def drive(use_case: Generator[Callable[[C], Any], Any, T], ports: C) -> T:
    """Let *use_case* ask *ports* to its end; what a port refuses is raised where it was asked."""
    step = _step(partial(next, use_case))
    while not isinstance(step, _Done):
        try:
            answer = step(ports)
        except LicensingError as refusal:
            step = _step(partial(use_case.throw, refusal))
        else:
            step = _step(partial(use_case.send, answer))
    return cast("T", step.answer)


async def drive_async(use_case: Generator[Callable[[C], Any], Any, T], ports: C) -> T:
    """As `drive()`; an answer that is to be awaited is."""
    step = _step(partial(next, use_case))
    while not isinstance(step, _Done):
        try:
            asked = step(ports)
            answer = await asked if inspect.isawaitable(asked) else asked
        except LicensingError as refusal:
            step = _step(partial(use_case.throw, refusal))
        else:
            step = _step(partial(use_case.send, answer))
    return cast("T", step.answer)


@contextmanager
def _observed(observer: Observer | None, asked: Query[Any]) -> Iterator[None]:
    began, outcome = perf_counter(), "ok"
    try:
        yield
    except LicensingError as refusal:
        outcome = refusal.code
        raise
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        if observer is not None:
            observer(type(asked).__name__, outcome, perf_counter() - began)


def _as_commands(commands: tuple[Command[A], ...]) -> tuple[Command[A], ...]:
    return tuple(_as_command("commands", command) for command in commands)


def _as_clock(clock: Clock) -> Clock:
    return as_called("clock", clock)


def _as_observer(observer: Observer | None) -> Observer | None:
    return None if observer is None else as_called("observer", observer)


class Licensing:
    """Runs commands and queries over a store.

    Args:
        store: Where pools, accounts and events are kept.
        host: What the application knows: actors, directory, plans.
        clock: Gives the instant of each command; it is read inside the transaction, on each try.
        observer: Is told of each command and its outcome.

    Raises:
        InvalidArgument: *store* has no `begin()`, *host* lacks a method of hosts or one of them is to be awaited, or
            *clock* or *observer* cannot be called.
    """

    def __init__(self, store: Store, host: Host, clock: Clock, observer: Observer | None = None) -> None:
        self._store: Store = as_store("store", store)
        self._host: Host = as_host("host", host)
        self._clock, self._observer = _as_clock(clock), _as_observer(observer)

    def run(self, asked: Query[A]) -> A:
        """Carry out a command once, or answer a query.

        Raises:
            IdempotencyConflict: The key of the command was used for another one.
            VersionConflict: Others changed the same aggregate eight times in a row.
            LicensingError: What the use case refuses; nothing was changed.
        """
        with _observed(self._observer, _as_query("asked", asked)):
            return self._tried(asked, TRIES)

    def _tried(self, asked: Query[A], tries: int) -> A:
        try:
            with self._store.begin(read_only=not isinstance(asked, Command)) as work:
                return drive(_use_case(asked, self._clock(), sure=tries < TRIES), Ports(work=work, host=self._host))
        except _Answered as before:
            return cast("A", before.answer)
        except (VersionConflict, StoreUnavailable) as refusal:
            if not may_try_again(refusal, tries, reading=not isinstance(asked, Command)):
                raise
        return self._tried(asked, tries - 1)

    def hand_over(self, tenant: str, handler: Callable[[Sequence[Envelope]], object], most: int = 100) -> int:
        """Give *handler* the events that nobody was handed over yet, *most* of them at most; how many there were.

        Each event is handed over once or more: it leaves the outbox after *handler* has returned, and stays in it when
        *handler* raises or the process ends before. The earliest come first, those of one aggregate in their order;
        when two hand over at the same time, both get the same ones. No unit of work is open meanwhile.

        Raises:
            InvalidArgument: *handler* cannot be called, or *most* is not from 1 to 1000.
            Exception: What *handler* raises.
        """
        return hand_over(self._store, tenant, handler, most)

    def may(self, command: Command[A]) -> Verdict:
        """Would `run()` with *command* be refused now, and why? Nothing is kept, its key included."""
        rule = cast("Command[A]", _as_command("commands", command)).rule
        return twin(self.preview, rule)(command)

    def preview(self, *commands: Command[A]) -> tuple[A, ...]:
        """What `run()` would answer to *commands*, one after the other; nothing is kept, their keys included.

        All are carried out in one unit of work, each seeing what those before it did, and then undone. A command
        whose key was used already is answered from memory, as `run()` does.

        Raises:
            LicensingError: What the first of them that is refused would be refused with.
        """
        return self._tried_out(_as_commands(commands), TRIES)

    def _tried_out(self, commands: tuple[Command[A], ...], tries: int) -> tuple[A, ...]:
        answers: list[A] = []
        try:
            with suppress(_Undone), self._store.begin() as work:
                ports = Ports(work=work, host=self._host)
                answers.extend(drive(_use_case(command, self._clock(), sure=True), ports) for command in commands)
                raise _Undone
        except _Answered:  # meanwhile, so that the key is known when it is tried again
            return self._tried_out(commands, tries)
        except (VersionConflict, StoreUnavailable) as refusal:
            if not may_try_again(refusal, tries):
                raise
            return self._tried_out(commands, tries - 1)
        return tuple(answers)


class AsyncLicensing:
    """`Licensing` over asynchronous ports; the commands are the same.

    Raises:
        InvalidArgument: As for `Licensing`, but that the methods of *host* are awaited.
    """

    def __init__(self, store: AsyncStore, host: AsyncHost, clock: Clock, observer: Observer | None = None) -> None:
        self._store: AsyncStore = as_store("store", store)
        self._host: Host = as_async_host("host", host)
        self._clock, self._observer = _as_clock(clock), _as_observer(observer)

    async def run(self, asked: Query[A]) -> A:
        """As `Licensing.run()`."""
        with _observed(self._observer, _as_query("asked", asked)):
            return await self._tried(asked, TRIES)

    async def _tried(self, asked: Query[A], tries: int) -> A:
        try:
            async with self._store.begin(read_only=not isinstance(asked, Command)) as work:
                ports = Ports(work=cast("UnitOfWork", work), host=self._host)
                return await drive_async(_use_case(asked, self._clock(), sure=tries < TRIES), ports)
        except _Answered as before:
            return cast("A", before.answer)
        except (VersionConflict, StoreUnavailable) as refusal:
            if not may_try_again(refusal, tries, reading=not isinstance(asked, Command)):
                raise
        return await self._tried(asked, tries - 1)

    async def hand_over(
        self, tenant: str, handler: Callable[[Sequence[Envelope]], Awaitable[object]], most: int = 100
    ) -> int:
        """As `Licensing.hand_over()`, with a *handler* to be awaited."""
        return await hand_over_async(self._store, tenant, handler, most)

    async def may(self, command: Command[A]) -> Verdict:
        """As `Licensing.may()`."""
        try:
            await self.preview(command)
        except Mistake:
            raise
        except LicensingError as refusal:
            return Verdict.refuse(refusal)
        return Verdict.allow(command.rule)

    async def preview(self, *commands: Command[A]) -> tuple[A, ...]:
        """As `Licensing.preview()`."""
        return await self._tried_out(_as_commands(commands), TRIES)

    async def _tried_out(self, commands: tuple[Command[A], ...], tries: int) -> tuple[A, ...]:
        answers: list[A] = []
        try:
            with suppress(_Undone):
                async with self._store.begin() as work:
                    ports = Ports(work=cast("UnitOfWork", work), host=self._host)
                    answers += [
                        await drive_async(_use_case(command, self._clock(), sure=True), ports) for command in commands
                    ]
                    raise _Undone
        except _Answered:
            return await self._tried_out(commands, tries)
        except (VersionConflict, StoreUnavailable) as refusal:
            if not may_try_again(refusal, tries):
                raise
            return await self._tried_out(commands, tries - 1)
        return tuple(answers)

"""A database as small as can be, and use cases on it that are stopped between their questions.

It does as the SQL stores do where units of work run beside each other: each question sees what is committed and what
its own unit of work wrote, what is loaded by its id is locked, who wants it waits, whoever would close a ring of those
who wait is refused, a save checks the version, and all is committed at once.

Whatever happens is worked out once for each state of the whole (`Config`) and found again the next time, since nothing
but that state decides it. So many orders of steps cost little, and none is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from licensing_core.adapters.memory.work import MemoryUnitOfWork, Tables
from licensing_core.adapters.rows import enrollment_rows
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateExists, AggregateKind, StoreUnavailable, VersionConflict, kind_of
from licensing_core.services.engine import Command, Ports, _use_case

TRIES: Final = 8
Lock = tuple[Any, ...]
"""What is locked: a row, an enrollment, a key, a card, or what somebody may do."""
Write = tuple[str, tuple[Any, ...], Mapping[str, Any]]
_ROWS: Final = {
    "pool": AggregateKind.LICENSES,
    "account": AggregateKind.LICENSES,
    "usage": AggregateKind.USAGE,
    "credits": AggregateKind.CREDITS,
    "customer": AggregateKind.CUSTOMERS,
}
_LOADS: Final = frozenset({*_ROWS, "numbers", "actor", "enrollments", "licenses"})
_WRITES: Final = frozenset({"save", "remember", "keep_card", "keep_actor"})


class Asked(Exception):
    """A question went to the store: which method, and with what."""

    def __init__(self, name: str, args: tuple[Any, ...], more: Mapping[str, Any]) -> None:
        self.name, self.args_, self.more = name, args, more


class _Probe:
    """A unit of work that only tells what it was asked."""

    def __getattr__(self, name: str) -> Any:
        def asked(*args: Any, **more: Any) -> Any:
            raise Asked(name, args, more)

        return asked


class Outcome(NamedTuple):
    """What a command was told at last."""

    answer: object = None
    refusal: LicensingError | None = None


class Node:
    """How far a command has come, by the answers that its use case got: what it asks next, or what it ends with."""

    def __init__(self, model: "Model", number: int, tried: int) -> None:
        self.model, self.number, self.tried = model, number, tried
        self.answers: tuple[Any, ...] = ()
        self.writes: tuple[Write, ...] = ()
        self.loads = 0
        """How often it has loaded something."""
        self.question: Callable[[Ports], Any] | None = None
        self.outcome: Outcome | None = None
        self.asked: Asked | None = None
        self._children: list[tuple[Any, Node]] = []

    def driven(self) -> "Node":
        """Itself, once it knows what the use case asks after its answers."""
        self._drive()
        return self

    def _drive(self) -> None:
        steps = _use_case(self.model.commands[self.number], self.model.now, sure=self.tried > 0)
        try:
            question = next(steps)
            for answer in self.answers:
                question = steps.send(answer)
        except StopIteration as end:
            self.outcome = Outcome(answer=end.value)
            return
        except LicensingError as refusal:
            self.outcome = Outcome(refusal=refusal)
            return
        self.question = question
        try:
            probe: Any = _Probe()
            self.host_answer = question(Ports(work=probe, host=self.model.host))
        except Asked as asked:
            self.asked = asked

    def after(self, answer: Any) -> "Node":
        """How far it is once it got *answer*."""
        for known, child in self._children:
            if known == answer and type(known) is type(answer):
                return child
        child = Node(self.model, self.number, self.tried)
        child.answers, child.writes, child.loads = (*self.answers, answer), self.writes, self.loads
        if self.asked is not None:
            child.loads += self.asked.name in _LOADS
            if self.asked.name in _WRITES:
                child.writes = (*self.writes, (self.asked.name, self.asked.args_, self.asked.more))
        self._children.append((answer, child))
        return child.driven()


class Stand(NamedTuple):
    """Where one command stands in a config: the locks it holds, the one it waits for, and turns it could not take."""

    node: Node
    step: int = 0
    held: frozenset[tuple[Lock, bool]] = frozenset()
    waits: tuple[Lock, bool] | None = None
    waited: bool = False
    owed: int = 0
    done: Outcome | None = None


class Config:
    """The whole: what is committed, where the commands stand, and who waits in which order."""

    def __init__(self, base: "Base", stands: tuple[Stand, ...], queue: tuple[int, ...]) -> None:
        self.base, self.stands, self.queue = base, stands, queue
        self.next: list[Config | None] = [None] * len(stands)
        self.end: Config | None = None


class Base:
    """What is committed."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables


def copied(tables: Tables) -> Tables:
    """*tables* to write to."""
    made = Tables()
    for name, table in vars(tables).items():
        if name != "turn":
            rows = {key: dict(row) if isinstance(row, dict) else row for key, row in table.items()}
            setattr(made, name, rows)
    return made


class Model:
    """Commands on a database.

    With *together* all that is written is sent with the commit, and takes its locks then. *locking* and *checking* are
    switched off to see that what goes wrong then is seen.
    """

    def __init__(
        self,
        tables: Tables,
        commands: Sequence[Command[Any]],
        host: Any,
        now: Any,
        *,
        together: bool = False,
        locking: bool = True,
        checking: bool = True,
    ) -> None:
        self.together = together
        self.commands, self.host, self.now = tuple(commands), host, now
        self.locking, self.checking = locking, checking
        self._bases: list[Base] = [Base(copied(tables))]
        self._configs: dict[Any, Config] = {}
        self._two = [False] * len(self.commands)
        self._roots: dict[tuple[int, int], Node] = {}
        stands = tuple(Stand(self._root(number, 1)) for number in range(len(self.commands)))
        self._two = [self._loads_alone(number) > 1 for number in range(len(self.commands))]
        self.first = self._config(self._bases[0], stands, ())

    def step(self, config: Config, number: int) -> Config:
        """What follows when command *number* takes its next step."""
        known = config.next[number]
        if known is None:
            known = config.next[number] = self._turn(config, number)
        return known

    def drained(self, config: Config) -> Config:
        """What follows when all take the steps that they have left, the first before the second."""
        if config.end is None:
            last = config
            while True:
                left = [n for n, one in enumerate(last.stands) if one.done is None and one.waits is None]
                if not left:
                    break
                last = self.step(last, left[0])
            config.end = last
        return config.end

    def _root(self, number: int, tried: int) -> Node:
        if (number, tried) not in self._roots:
            self._roots[number, tried] = Node(self, number, tried).driven()
        return self._roots[number, tried]

    def _loads_alone(self, number: int) -> int:
        """How often the command loads something when it runs alone."""
        alone = self._config(self._bases[0], (Stand(self._root(number, 1), step=3),), ())
        return self._advanced(alone, 0).stands[0].node.loads

    def _config(self, base: Base, stands: tuple[Stand, ...], queue: tuple[int, ...]) -> Config:
        key = (base, stands, queue)
        if key not in self._configs:
            self._configs[key] = Config(base, stands, queue)
        return self._configs[key]

    def _with(self, config: Config, place: int, stand: Stand, base: Base | None = None) -> Config:
        stands = (*config.stands[:place], stand, *config.stands[place + 1 :])
        queue = tuple(one for one in config.queue if stands[one].waits is not None)
        if stand.waits is not None and place not in queue:
            queue = (*queue, place)
        return self._config(base or config.base, stands, queue)

    def _turn(self, config: Config, place: int) -> Config:
        stand = config.stands[place]
        if stand.done is not None:
            return config
        if stand.waits is not None:
            return self._with(config, place, stand._replace(owed=stand.owed + 1))
        return self._advanced(config, place)

    def _phase(self, stand: Stand) -> int:
        """To which of the four steps its next action belongs: begin, load, write, commit."""
        node = stand.node
        if node.outcome is not None:
            return 3
        if node.asked is None:
            return 0
        if node.asked.name in _WRITES:
            return 2
        first = node.asked.name not in _LOADS or (node.loads == 0 and self._two[node.number])
        return 0 if first else 1

    def _advanced(self, config: Config, place: int) -> Config:
        """What follows when the command that is not waiting goes on to the end of its step."""
        while True:
            stand = config.stands[place]
            if self._phase(stand) > stand.step:
                return self._with(config, place, stand._replace(step=stand.step + 1))
            node = stand.node
            if node.outcome is not None:
                return self._committed(config, place)
            if node.asked is None:
                config = self._moved(config, place, stand, node.host_answer)
            else:
                config, on = self._asked(config, place, node.asked)
                if not on:
                    return config
            if (ended := config.stands[place].node.outcome) is not None and ended.refusal is not None:
                return self._left(config, place, Stand(config.stands[place].node, done=ended))

    def _moved(self, config: Config, place: int, stand: Stand, answer: Any) -> Config:
        return self._with(config, place, stand._replace(node=stand.node.after(answer), waited=False))

    def _asked(self, config: Config, place: int, asked: Asked) -> tuple[Config, bool]:
        """What follows on a question to the store, and whether the command goes on in its step."""
        stand = config.stands[place]
        view = self._view(config.base, stand.node)
        if not (self.together and asked.name in _WRITES):
            stand = self._locked(config, place, self._locks(asked, view))
            if stand.waits is not None:
                return self._waiting(config, place, stand), False
            config = self._with(config, place, stand)
        try:
            answer = self._answer(view, asked, stand)
        except VersionConflict as refusal:
            return self._again(config, place, refusal), False
        except LicensingError as refusal:
            return self._left(config, place, Stand(stand.node, done=Outcome(refusal=refusal))), False
        return self._moved(config, place, stand, answer), True

    def _locked(self, config: Config, place: int, locks: Iterable[tuple[Lock, bool]]) -> Stand:
        """The command with these *locks*, or waiting for the first of them that is not to be had."""
        stand = config.stands[place]
        for lock in locks if self.locking else ():
            if lock in stand.held:
                continue
            if not self._free(config, place, lock):
                return stand._replace(waits=lock, waited=True)
            stand = stand._replace(held=stand.held | {lock})
        return stand

    def _answer(self, view: Tables, asked: Asked, stand: Stand) -> Any:
        more = dict(asked.more)
        if asked.name == "save" and not self.checking and more["expected"]:
            more["expected"] = _version(view, asked)
        try:
            return getattr(MemoryUnitOfWork(view), asked.name)(*asked.args_, **more)
        except AggregateExists as refusal:
            if not stand.waited:
                raise
            raise VersionConflict(aggregate=refusal.aggregate, expected=0) from refusal

    def _view(self, base: Base, node: Node) -> Tables:
        """What a unit of work sees now: what is committed, and what it wrote."""
        view = copied(base.tables)
        for name, args, more in node.writes:
            again = dict(more)
            if name == "save" and not self.checking and again["expected"]:
                again["expected"] = _version(view, Asked(name, args, more))
            getattr(MemoryUnitOfWork(view), name)(*args, **again)
        return view

    def _locks(self, asked: Asked, view: Tables) -> Iterator[tuple[Lock, bool]]:
        """What a question locks, in order, and whether for itself alone."""
        name, args = asked.name, asked.args_
        if name in _ROWS or name == "numbers":
            row = (args[0], _ROWS.get(name, AggregateKind.NUMBERS), "documents" if name == "numbers" else args[1])
            if row in view.aggregates:
                yield row, True
        elif name == "actor":
            if args in view.actors:
                yield ("actor", *args), False
        elif name == "save":
            yield (args[0], kind_of(args[1]), args[1].id), True
            rows = enrollment_rows(asked.more["events"])
            yield from ((("enrolled", args[0], *place), True) for place in (*rows.changed, *rows.new))
        elif name in _WRITES:
            yield (name.removeprefix("keep_"), *args[: 3 if name == "keep_card" else 2]), True

    def _free(self, config: Config, place: int, lock: tuple[Lock, bool]) -> bool:
        """Whether nobody else has *lock*, or has waited longer for it."""
        queue = config.queue
        before = queue[: queue.index(place)] if place in queue else queue
        return not any(_excludes(lock, held) for n in _others(config, place) for held in config.stands[n].held) and (
            not any(_excludes(lock, wanted) for n in before if (wanted := config.stands[n].waits) is not None)
        )

    def _waiting(self, config: Config, place: int, stand: Stand) -> Config:
        """It waits, unless somebody waits for it who is to be waited for."""
        config = self._with(config, place, stand)
        seen, follow = {place}, [place]
        while follow:
            at = follow.pop()
            wanted = config.stands[at].waits
            for other in _others(config, at):
                if wanted is None or not any(_excludes(wanted, held) for held in config.stands[other].held):
                    continue
                if other == place:
                    return self._again(config, place, StoreUnavailable(reason="conflict"))
                if other not in seen:
                    seen.add(other)
                    follow.append(other)
        return config

    def _again(self, config: Config, place: int, refusal: LicensingError) -> Config:
        """The unit of work is rolled back, and the command begins anew, unless it did so too often."""
        node = config.stands[place].node
        if node.tried == TRIES:
            return self._left(config, place, Stand(node, done=Outcome(refusal=refusal)))
        return self._left(config, place, Stand(self._root(node.number, node.tried + 1), owed=config.stands[place].owed))

    def _committed(self, config: Config, place: int) -> Config:
        stand = config.stands[place]
        if self.together:
            writes = (Asked(*write) for write in stand.node.writes)
            locks = [lock for write in writes for lock in self._locks(write, config.base.tables)]
            stand = self._locked(config, place, locks)
            if stand.waits is not None:
                return self._waiting(config, place, stand)
            config = self._with(config, place, stand)
        try:
            base = self._base(self._view(config.base, stand.node))
        except (VersionConflict, AggregateExists) as refusal:  # somebody else made it meanwhile
            return self._again(config, place, refusal)
        return self._left(config, place, Stand(stand.node, done=stand.node.outcome), base)

    def _left(self, config: Config, place: int, stand: Stand, base: Base | None = None) -> Config:
        """The command gives up its locks, and those who waited for them go on, in the order in which they came."""
        config = self._with(config, place, stand, base)
        woken = True
        while woken:
            woken = False
            for other in config.queue:
                one = config.stands[other]
                if one.waits is not None and self._free(config, other, one.waits):
                    config = self._with(config, other, one._replace(waits=None, held=one.held | {one.waits}))
                    config = self._made_up(self._advanced(config, other), other)
                    woken = True
                    break
        return config

    def _made_up(self, config: Config, place: int) -> Config:
        """The turns that it could not take are taken."""
        while (stand := config.stands[place]).owed and stand.waits is None and stand.done is None:
            config = self._advanced(self._with(config, place, stand._replace(owed=stand.owed - 1)), place)
        return config

    def _base(self, tables: Tables) -> Base:
        for known in self._bases:
            if all(table == getattr(tables, name) for name, table in vars(known.tables).items() if name != "turn"):
                return known
        self._bases.append(Base(tables))
        return self._bases[-1]


def _others(config: Config, place: int) -> Iterator[int]:
    return (other for other in range(len(config.stands)) if other != place)


def _excludes(one: tuple[Lock, bool], other: tuple[Lock, bool]) -> bool:
    """Whether two may not have both."""
    return one[0] == other[0] and (one[1] or other[1])


def _version(view: Tables, asked: Asked) -> int:
    """The version at which the aggregate that is to be saved is now."""
    tenant, aggregate = asked.args_
    return view.aggregates[tenant, kind_of(aggregate), aggregate.id].version

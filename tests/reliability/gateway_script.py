"""One run of `gateway`: what users, payers, rivals, jobs, the network and the clock do, at random, and the rest after.

Workers are interleaved question by question, and any of them may end at any. No worker goes on 45 minutes after it
began, and no request is on its way for more than ten: together they are less than the hour by which a request that is
sent is younger than its key.
"""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any, Final

from licensing_core.errors import LicensingError, Mistake
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome, Way
from licensing_core.protocols import Page
from licensing_core.services import BeginPayment, Licensing, RefundPayment
from licensing_core.services.settling import _Desk, _Flows
from licensing_core.testing.faults import Fault
from licensing_core.testing.law import require
from tests.reliability.gateway_workers import ENDS, Mortal, Worker
from tests.reliability.gateway_world import BUYERS, EUR, PAYERS, THINGS, Gateway, Market, Thing
from tests.service_world import TENANT, Clock, sent

ROUNDS: Final = 60
"""So often at most the job is run, until all is settled."""
CALLS: Final = 80
"""So many calls of the gateway have faults."""
_LONGEST: Final = timedelta(minutes=45)
_SOON: Final = timedelta(minutes=10)
_MOVES: Final = (
    *(timedelta(seconds=number) for number in (1, 20, 59)),
    *(timedelta(minutes=number) for number in (1, 2, 5, 45)),
    *(timedelta(hours=number) for number in (1, 6, 22, 23, 24, 30)),
    timedelta(hours=22, minutes=59),
    timedelta(hours=23, seconds=1),
)
_FAR: Final = timedelta(days=1000)
_TURNS: Final = {
    "pays": 9,
    "again": 4,
    "settles": 2,
    "runs_job": 3,
    "hears": 4,
    "time_passes": 6,
    "at_page": 4,
    "gives_back": 2,
    "market_moves": 1,
    "rival": 1,
    "card_changes": 2,
    "repents": 2,
    "rumour": 1,
}
"""What may happen, and how often, against the others."""


class Run:
    """A run over *store*, which is furnished."""

    def __init__(self, rng: Random, store: Any) -> None:
        self.rng, self.clock, self.store, self.market = rng, Clock(), Mortal(store), Market()
        self.gateway = Gateway(self.clock, rng)
        self.licensing = Licensing(self.store, self.market, self.clock)
        self._flows, self._desk = _Flows(actor="root", addresses=None), _Desk(self.licensing, self.gateway)
        self.things: list[Thing] = rng.sample(THINGS, rng.choice((1, 1, 1, 2, 3)))
        self.workers: list[Worker] = []
        self.rivals, self.asked_back = Counter[str](), Counter[str]()
        self.refusals = Counter[str]()
        self._begun: list[BeginPayment | RefundPayment] = []
        self._letters: list[bytes] = []
        self._repented = set[str]()
        self._cleared = self.clock.now
        self._frail = rng.choice((0.0, 0.02, 0.08))
        odds = rng.choice((0.0, 0.1, 0.3, 0.6))
        self.gateway.mixes_up = rng.choice((0.0, 0.0, 0.1))
        faults = rng.sample(list(Fault), rng.choice((1, 2, len(Fault))))
        self.gateway.will(*(rng.choice(faults) if rng.random() < odds else None for _ in range(CALLS)))
        paying = rng.choice((0.9, 0.9, 0.3))
        for payer in PAYERS:
            if rng.random() < paying:
                self.gateway.keeps_card(payer)

    def play(self) -> None:
        """Let things happen."""
        names, weights = list(_TURNS), [often * self.rng.choice((0, 1, 1, 4)) + 0.1 for often in _TURNS.values()]
        self._pays()
        for name in self.rng.choices(names, weights, k=self.rng.randint(2, 20)):
            self._work(self.rng.choice((0, 1, 3, 6, 30)))
            getattr(self, f"_{name}")()

    def come_to_rest(self) -> None:
        """Let no more go wrong, and all of it be settled; of the mail that is left some is lost."""
        self.gateway.mixes_up = 0.0
        self.gateway.will(*(None for _ in range(CALLS)))
        self.workers = [one for one in self.workers if self.rng.random() < 0.5]
        self._frail = 0.0
        self._work(1000)
        self.gateway.network_clears()
        self._letters += self.gateway.letters()
        self.rng.shuffle(self._letters)
        arrives = self.rng.choice((0.0, 0.5, 1.0))
        heard = [body for body in self._letters if self.rng.random() < arrives]
        heard += [self.gateway.last_of(key) for key in sorted(self._repented)]
        for body in heard:
            self._start(self._flows.heard(TENANT, *self.gateway.signed(body)))
            self._work(1000)
        for _ in range(ROUNDS):
            for key in self.gateway.charged(PaymentOutcome.PENDING):
                (self.gateway.pays if self.rng.random() < 0.6 else self.gateway.leaves)(key)
            with self.store.begin(read_only=True) as work:
                if not work.payments_due(TENANT, self.clock.now + _FAR, Page()):
                    return
            self.clock.now += timedelta(minutes=61)
            self._runs_job()
            self._work(1000)
        require(False, "it settles", waits=self._waiting())

    def _waiting(self) -> list[Any]:
        with self.store.begin(read_only=True) as work:
            return [work.payment(TENANT, name) for name in work.payments_due(TENANT, self.clock.now + _FAR, Page())]

    def _start(self, flow: Any) -> None:
        self.workers.append(Worker(flow, self._desk, self.store, self.clock.now))

    def _work(self, steps: int) -> None:
        """Let workers ask as many questions, each of which may be the last."""
        for _ in range(steps):
            if not self.workers:
                return
            worker = self.rng.choice(self.workers)
            worker.step(self.rng.choice(ENDS) if self.rng.random() < self._frail else "")
            if worker.gone:
                self.workers.remove(worker)
                self._see_off(worker)

    def _see_off(self, worker: Worker) -> None:
        if worker.refusal is not None:
            require(not isinstance(worker.refusal, Mistake), "nothing is a mistake", said=worker.refusal)
            self.refusals[worker.refusal.code] += 1

    def _pays(self) -> None:
        """Somebody begins to pay, who may be another one, under another key and in another way."""
        thing, way = self.rng.choice(self.things), self.rng.choice(list(Way))
        key = f"pay-{len(self._begun)}"
        self._begun.append(BeginPayment(purpose=thing.purpose, way=way, **sent(key, self.rng.choice(BUYERS))))
        self._start(self._flows.begun(self._begun[-1]))

    def _again(self) -> None:
        """What was sent is sent again."""
        self._start(self._flows.begun(self.rng.choice(self._begun)))

    def _settles(self) -> None:
        self._start(self._flows.settled(TENANT, self.rng.choice(self.things).payment))

    def _runs_job(self) -> None:
        self._start(self._flows.settled_due(TENANT))

    def _hears(self) -> None:
        """An event arrives, whichever, and may arrive again."""
        self._letters += self.gateway.letters()
        if self._letters:
            place = self.rng.randrange(len(self._letters))
            body = self._letters[place] if self.rng.random() < 0.3 else self._letters.pop(place)
            self._start(self._flows.heard(TENANT, *self.gateway.signed(body)))

    def _time_passes(self) -> None:
        move = self.rng.choice(_MOVES)
        if self.clock.now + move - self._cleared >= _SOON or self.rng.random() < 0.3:
            self.gateway.network_clears()
            self._cleared = self.clock.now + move
        self.clock.now += move
        self.workers = [one for one in self.workers if self.clock.now - one.since < _LONGEST]

    def _at_page(self) -> None:
        """A payer pays, or goes."""
        waiting = self.gateway.charged(PaymentOutcome.PENDING)
        if waiting:
            (self.gateway.pays if self.rng.random() < 0.7 else self.gateway.leaves)(self.rng.choice(waiting))

    def _gives_back(self) -> None:
        thing, key = self.rng.choice(self.things), f"back-{len(self._begun)}"
        amount = self.rng.choice((1, 100, 500, 900, 1000, 18000, 36000))
        self.asked_back[thing.name] += amount
        asked = RefundPayment(payment=thing.payment, amount=Money(amount, EUR), **sent(key, "root"))
        self._begun.append(asked)
        self._start(self._flows.begun(asked))

    def _market_moves(self) -> None:
        if self.rng.random() < 0.6:
            self.market.raised = not self.market.raised
        else:
            self.market.gone = not self.market.gone

    def _rival(self) -> None:
        """Somebody gives, or withdraws, what is paid for, past the gateway."""
        thing = self.rng.choice(self.things)
        command = self.rng.choice(thing.rivals)(f"rival-{self.rng.randrange(1000)}")
        with self.store.begin(read_only=True) as work:
            before = thing.booked(work)
        try:
            self.licensing.run(command)
        except LicensingError as refusal:
            self.refusals[refusal.code] += 1
        with self.store.begin(read_only=True) as work:
            self.rivals[thing.name] += thing.booked(work) - before

    def _card_changes(self) -> None:
        self.gateway.keeps_card(self.rng.choice(PAYERS), declines=self.rng.choice((None, "insufficient_funds")))

    def _repents(self) -> None:
        failed = self.gateway.charged(PaymentOutcome.FAILED)
        if failed:
            key = self.rng.choice(failed)
            self._repented.add(key)
            self.gateway.repents(key)

    def _rumour(self) -> None:
        known = [request.key for request in self.gateway.asked]
        if known:
            body = self.gateway.rumour(self.rng.choice(known), self.rng.choice(list(PaymentOutcome)))
            self._start(self._flows.heard(TENANT, *self.gateway.signed(body)))

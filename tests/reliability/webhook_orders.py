"""R10: seven webhooks about one payment, in each of their 5,040 orders, each once and each twice: one end.

There are two stories. In *surplus* a charge was declined, and of another the payer left the page; a third waits at its
page. Then all three take the money: what was paid for is given once, and two charges go back. In *refunds* a charge was
declined, another one paid, and three parts were asked back, none of which was answered: two went back and one was
declined. Then the declined charge takes the money, too.

What is to be heard has happened at the gateway before the first of it is. Orders that begin alike are played once up to
where they part, so that 5,040 of them take 13,699 events.

`python -m tests.reliability.webhook_orders --orders 5040`; with fewer, so many of all orders are drawn.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import groupby, permutations
from random import Random
from typing import Any, Final, NamedTuple

from licensing_core.adapters.memory import MemoryStore
from licensing_core.money import Money
from licensing_core.payments import ForPlan, Payment, RefundRequest, Way, payment_id, request_of
from licensing_core.services import BeginPayment, Licensing, Payments, RefundPayment
from licensing_core.testing.faults import Fault
from tests.reliability.collecting import no_collector
from tests.reliability.figures import Figures
from tests.reliability.gateway_world import SALES, Gateway, Market, furnished
from tests.service_world import TENANT, Clock, copied, sent

EVENTS: Final = 7
ORDERS: Final = 5040
_PURPOSE: Final = ForPlan(plan="five", pool="p1", beneficiary=SALES)
_PAYMENT: Final = payment_id(TENANT, _PURPOSE)


class Scene:
    """A store and a gateway at one moment, from which several things may follow."""

    def __init__(self, store: MemoryStore, gateway: Gateway, clock: Clock) -> None:
        self.store, self.gateway, self.clock = store, gateway, clock
        self.licensing = Licensing(store, Market(), clock)
        self._payments = Payments(self.licensing, gateway, actor="root")

    def copy(self) -> "Scene":
        """The same once more, to go on from."""
        return Scene(copied(self.store), self.gateway.copy(), self.clock)

    def hear(self, body: bytes) -> None:
        """An event arrives."""
        self._payments.hear(TENANT, *self.gateway.signed(body))

    def pay(self, way: Way, *faults: Fault) -> str:
        """Try to pay: the key of the attempt."""
        self.gateway.will(*faults)
        command = BeginPayment(purpose=_PURPOSE, way=way, **sent(f"pay-{len(self.gateway.asked)}"))
        return self._payments.pay(command).payment.charges[-1].key

    def settle(self) -> Payment:
        """Ask about what is open."""
        return self._payments.settle(TENANT, _PAYMENT).payment

    def ask_back(self, cents: int, *faults: Fault) -> None:
        """Ask for a part back; no answer arrives."""
        amount = Money(cents, Money.parse("0 EUR").currency)
        command = RefundPayment(payment=_PAYMENT, amount=amount, **sent(f"back-{cents}", "root"))
        payment = self.licensing.run(command).payment
        asked = request_of(payment, payment.refunds[-1].key)
        self.gateway.will(*faults)
        if isinstance(asked, RefundRequest):
            self.gateway.refund(asked)

    def end(self) -> Any:
        """How all stands, but for the order in which refunds were begun, and what the fake calls things."""
        with self.store.begin(read_only=True) as work:
            stored, pool = work.payment(TENANT, _PAYMENT), work.pool(TENANT, _PURPOSE.pool, ())
        if stored is None:
            return None
        payment = stored.state
        refunds = Counter((one.charge, one.amount.minor, one.status.value) for one in payment.refunds)
        charges = [(one.key, one.amount.minor, one.status.value) for one in payment.charges]
        taken = {key: amount.minor for key, amount in self.gateway.taken.items()}
        back = sorted(amount.minor for amount in self.gateway.given_back.values())
        moved = max(self.gateway.moved.values())
        return (charges, sorted(refunds.items()), payment.fulfilled_by, pool is not None, taken, back, moved)

    def kept(self) -> int:
        """What the gateway took and did not give back, in cents."""
        gateway = self.gateway
        taken, back = (sum(one.minor for one in some.values()) for some in (gateway.taken, gateway.given_back))
        return taken - back


class Story(NamedTuple):
    """A scene with the events that are to be heard, and what is to be kept at the end, in cents."""

    scene: Scene
    letters: tuple[bytes, ...]
    kept: int


def begun() -> Scene:
    """Nothing is paid, and *boss* has a card."""
    clock = Clock()
    scene = Scene(copied(furnished()[0]), Gateway(clock, Random(0)), clock)
    scene.gateway.keeps_card("boss")
    return scene


def surplus() -> Story:
    """Three charges take the money, two of which were said to have failed."""
    scene = begun()
    first = scene.pay(Way.CARD_ON_FILE, Fault.DECLINE)
    second = scene.pay(Way.PAGE)
    scene.gateway.leaves(second)
    scene.settle()
    third = scene.pay(Way.PAGE)
    scene.gateway.pays(third)
    scene.gateway.repents(first)
    scene.gateway.repents(second)
    return Story(scene, tuple(scene.gateway.letters()), 18000)


def refunds() -> Story:
    """Parts are asked back of one charge, and another one, which was declined, takes the money."""
    scene = begun()
    first = scene.pay(Way.CARD_ON_FILE, Fault.DECLINE)
    second = scene.pay(Way.PAGE)
    scene.gateway.pays(second)
    scene.settle()
    scene.ask_back(5000)
    scene.ask_back(3000)
    scene.ask_back(2000, Fault.DECLINE)
    scene.gateway.repents(first)
    return Story(scene, tuple(scene.gateway.letters()), 10000)


STORIES: Final[tuple[Callable[[], Story], ...]] = (surplus, refunds)


def _orders(orders: int, seed: int) -> list[tuple[int, ...]]:
    """All of them, or as many as *orders*, sorted, so that those that begin alike are together."""
    every = list(permutations(range(EVENTS)))
    return every if orders >= ORDERS else sorted(Random(seed).sample(every, orders))


def _ends(story: Story, orders: list[tuple[int, ...]], times: int) -> Iterator[tuple[tuple[int, ...], Scene]]:
    """Each of *orders*, and the scene after it, when each event arrives so many *times* in a row."""

    def after(scene: Scene, some: list[tuple[int, ...]], depth: int) -> Iterator[tuple[tuple[int, ...], Scene]]:
        if depth == EVENTS:
            yield some[0], scene
            return
        for place, those in groupby(some, key=lambda order: order[depth]):
            then = scene.copy()
            for _ in range(times):
                then.hear(story.letters[place])
            yield from after(then, list(those), depth + 1)

    yield from after(story.scene, orders, 0)


def tell(name: str, orders: list[tuple[int, ...]], times: int, enough: int = 5) -> tuple[str, list[str]]:
    """The one end of a story, and which orders end otherwise, or keep another amount."""
    made = next(one for one in STORIES if one.__name__ == name)()
    if len(made.letters) != EVENTS:
        return "", [f"{name}: {len(made.letters)} events, not {EVENTS}"]
    wanted, wrong = None, list[str]()
    for order, scene in _ends(made, orders, times):
        end, kept = scene.end(), scene.kept()
        wanted = wanted or end
        if end != wanted or kept != made.kept:
            again = f"python -m tests.reliability.webhook_orders --story {name} --order {''.join(map(str, order))}"
            wrong.append(f"{name}, {times} times, {order}: {end}, not {wanted}; kept {kept}\n        again: {again}")
        if len(wrong) == enough:
            break
    return str(wanted), wrong


def run(orders: int, seed: int, enough: int = 5) -> Figures:
    """Play so many of the orders of each story, once and twice each."""
    chosen, log, wrong = _orders(orders, seed), sha256(), list[str]()
    for story in STORIES:
        for times in (1, 2):
            try:
                with no_collector():
                    end, found = tell(story.__name__, chosen, times, enough)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
                end, found = "", [f"{story.__name__}: {type(error).__name__}: {error}"[:900]]
            log.update(f"{end}{chosen}".encode())
            wrong += found
            if len(wrong) >= enough:
                break
    cases = len(chosen) * len(STORIES) * 2
    return Figures(cases, tuple(wrong), log.hexdigest()[:16], f"{len(chosen)} orders of 7 events, once and twice")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--story", choices=[one.__name__ for one in STORIES], default="surplus")
    parser.add_argument("--order", help="play this one order of the events of the story, such as 0123456")
    asked = parser.parse_args()
    if asked.order is not None:
        end, wrong = tell(asked.story, [tuple(map(int, asked.order))], 1)
        print(end, *wrong, sep="\n")
        return 1 if wrong else 0
    return run(asked.orders, asked.seed).tell("webhook orders (R10)", asked.seed)


if __name__ == "__main__":
    sys.exit(main())

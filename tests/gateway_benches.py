"""What the tests of gateways do as payers, and as whoever looks into the books of a gateway."""

from collections.abc import Mapping, Sequence
from itertools import count

from licensing_core.money import Money
from licensing_core.protocols.gateway import PaymentGateway
from licensing_core.testing.contracts_gateways import AMOUNTS, Payer
from licensing_core.testing.gateways import FakeGateway


class FakeBench:
    """The bench of a fake gateway, and of what stands before it."""

    secrets = ("fake-gateway-secret",)
    amounts: Sequence[Money] = AMOUNTS

    def __init__(self, fake: FakeGateway, gateway: PaymentGateway | None = None) -> None:
        self.fake, self.gateway = fake, gateway or fake
        self._numbers = count(1)

    def new_key(self) -> str:
        return f"key-{next(self._numbers)}"

    def payer(self) -> Payer:
        return self._payer(None)

    def declining_payer(self) -> Payer:
        return self._payer("insufficient_funds")

    def pay(self, key: str) -> None:
        self.fake.pays(key)

    def webhook(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        found = self.fake.webhook_of(key)
        assert found is not None
        return found

    def moved(self, key: str) -> Money | None:
        books = [*self.fake.taken.items(), *self.fake.given_back.items()]
        found = [amount for name, amount in books if name == key or name.startswith(f"{key}:")]
        return Money.sum(found, found[0].currency) if found else None

    def _payer(self, declines: str | None) -> Payer:
        payer = f"u{next(self._numbers)}"
        self.fake.keeps_card(payer, declines=declines)
        return Payer(payer, f"{payer}@example.com")

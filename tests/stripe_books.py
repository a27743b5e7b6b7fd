"""What a Stripe of the tests knows and does: customers, cards, payments, pages and refunds, as its API tells."""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

Thing = dict[str, Any]
MOST: Final = 99_999_999


class Refusal(Exception):
    """Stripe answers with an error; *kept* with the idempotency key when the work had begun."""

    def __init__(self, status: int, kind: str, *, kept: bool = False, **more: Any) -> None:
        super().__init__(kind)
        self.status, self.kept = status, kept
        self.body: Thing = {"error": {"type": kind, "message": f"{kind}: words for people", **more}}


def invalid(param: str, code: str = "parameter_invalid") -> Refusal:
    return Refusal(400, "invalid_request_error", param=param, code=code)


class Books:
    """All objects by their id, in the order in which they were made, at *now*, in seconds since 1970."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.things: dict[str, Thing] = {}
        self._made = 0

    def add(self, kind: str, prefix: str, **fields: Any) -> Thing:
        self._made += 1
        name = f"{prefix}_{self._made:05}"
        self.things[name] = {"id": name, "object": kind, "created": self.now, "livemode": False, **fields}
        return self.things[name]

    def customer(self, email: str, *, created: int | None = None) -> str:
        made = self.add("customer", "cus", email=email, invoice_settings={"default_payment_method": None}, metadata={})
        made["created"] = created or made["created"]
        return str(made["id"])

    def card(self, customer: str, *, declines: str | None = None, default: bool = False, kind: str = "card") -> str:
        """Save a way to pay; *declines* is the code with which each charge of it is declined."""
        made = self.add("payment_method", "pm", type=kind, customer=customer, card={"last4": "4242"})
        made["_declines"] = declines
        if default:
            self.things[customer]["invoice_settings"]["default_payment_method"] = made["id"]
        return str(made["id"])

    def get(self, kind: str, name: str) -> Thing:
        found = self.things.get(name)
        if found is None or found["object"] != kind:
            raise Refusal(404, "invalid_request_error", param="id", code="resource_missing")
        return found

    def all(self, kind: str, **fields: Any) -> list[Thing]:
        """Those of a kind, the newest first."""
        found = [one for one in self.things.values() if one["object"] == kind]
        matching = [one for one in found if all(one.get(name) == value for name, value in fields.items())]
        return sorted(matching, key=lambda one: (one["created"], one["id"]), reverse=True)

    def of_key(self, key: str, kind: str) -> list[Thing]:
        return [one for one in self.all(kind) if one["metadata"].get("licensing_key") == key]

    def pay(self, session: str, *, status: str = "succeeded") -> None:
        """Pay on a page; by a way that takes days when *status* is `processing`."""
        page = self.get("checkout.session", session)
        intent = self._intent(page["amount_total"], page["currency"], page["customer"], page["_metadata"])
        self.settle(intent["id"], status)
        page.update(status="complete", url=None, payment_intent=intent["id"])
        page["payment_status"] = "paid" if status == "succeeded" else "unpaid"

    def expire(self, session: str) -> None:
        self.get("checkout.session", session).update(status="expired", url=None)

    def settle(self, intent: str, status: str) -> None:
        one = self.get("payment_intent", intent)
        one["status"], one["amount_received"] = status, one["amount"] if status == "succeeded" else 0

    def create_intent(self, asked: Thing) -> Thing:
        card = self.things.get(asked.get("payment_method", ""))
        if asked.get("confirm") != "true" or asked.get("off_session") != "true":
            raise invalid("off_session")
        if card is None or card.get("customer") != asked.get("customer"):
            raise invalid("payment_method")
        if card["type"] not in asked.get("payment_method_types", []):
            raise invalid("payment_method_types")
        made = self._intent(self._amount(asked), asked["currency"], asked["customer"], asked.get("metadata", {}))
        if card["_declines"] is None:
            self.settle(made["id"], "succeeded")
            return made
        made["last_payment_error"] = _declined(card["_declines"])
        raise Refusal(402, "card_error", kept=True, **_declined(card["_declines"]), payment_intent=made)

    def create_session(self, asked: Thing) -> Thing:
        (line,) = asked["line_items"]
        price = line["price_data"]
        if asked.get("mode") != "payment" or "success_url" not in asked or not price["product_data"]["name"]:
            raise invalid("mode")
        if "customer" in asked:
            self.get("customer", asked["customer"])
        made = self.add(
            "checkout.session",
            "cs_test",
            status="open",
            payment_status="unpaid",
            payment_intent=None,
            amount_total=self._amount({"amount": price["unit_amount"]}) * int(line["quantity"]),
            currency=price["currency"],
            customer=asked.get("customer"),
            customer_email=asked.get("customer_email"),
            metadata=asked.get("metadata", {}),
        )
        made["url"] = f"https://checkout.stripe.example/c/pay/{made['id']}#fid1"
        made["_metadata"] = asked.get("payment_intent_data", {}).get("metadata", {})
        return made

    def create_refund(self, asked: Thing) -> Thing:
        intent, amount = self.get("payment_intent", asked["payment_intent"]), self._amount(asked)
        gone = [one for one in self.all("refund", payment_intent=intent["id"]) if one["status"] != "failed"]
        if intent["status"] != "succeeded":
            raise invalid("payment_intent", "payment_intent_unexpected_state")
        if amount > intent["amount_received"] - sum(one["amount"] for one in gone):
            raise invalid("amount", "charge_already_refunded")
        return self.add(
            "refund",
            "re",
            status="succeeded",
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent["id"],
            metadata=asked.get("metadata", {}),
        )

    def create_portal(self, asked: Thing) -> Thing:
        customer = self.get("customer", asked["customer"])
        made = self.add("billing_portal.session", "bps", customer=customer["id"], return_url=asked["return_url"])
        return {**made, "url": f"https://billing.stripe.example/p/session/{made['id']}"}

    def _intent(self, amount: int, currency: str, customer: str | None, metadata: Thing) -> Thing:
        return self.add(
            "payment_intent",
            "pi",
            status="requires_payment_method",
            amount=amount,
            amount_received=0,
            currency=currency,
            customer=customer,
            last_payment_error=None,
            cancellation_reason=None,
            metadata=metadata,
        )

    def _amount(self, asked: Thing) -> int:
        if re.fullmatch("[1-9][0-9]{0,7}", asked["amount"], re.ASCII) is None:
            raise invalid("amount", "amount_too_large")
        return int(asked["amount"])

    def shown(self, thing: Thing, expand: list[str]) -> Thing:
        """*thing* as it is told of; with the objects in place of the ids that *expand* leads to."""
        made = {name: value for name, value in deepcopy(thing).items() if not name.startswith("_")}
        for path in expand:
            place, names = made, path.split(".")
            for name in names[:-1]:
                place = place[name]
            if isinstance(place[names[-1]], str):
                place[names[-1]] = self.shown(self.things[place[names[-1]]], [])
        return made


def _declined(code: str) -> Thing:
    """A decline: for most of them Stripe has one code, and a closer one of the bank."""
    plain = code in {"authentication_required", "expired_card"}
    return {"code": code if plain else "card_declined", "decline_code": code, "message": "words for people"}


Parameters = frozenset[str]
TAKES: Final[Mapping[str, Parameters]] = {
    "GET /v1/customers": frozenset({"email"}),
    "GET /v1/customers/*/payment_methods": frozenset({"type"}),
    "GET /v1/payment_intents": frozenset({"customer", "created"}),
    "GET /v1/checkout/sessions": frozenset({"customer", "created"}),
    "GET /v1/refunds": frozenset({"payment_intent", "created"}),
    "GET /v1/payment_intents/*": frozenset(),
    "GET /v1/checkout/sessions/*": frozenset(),
    "GET /v1/refunds/*": frozenset(),
    "POST /v1/payment_intents": frozenset(
        {
            "amount",
            "currency",
            "customer",
            "payment_method",
            "payment_method_types",
            "off_session",
            "confirm",
            "metadata",
        }
    ),
    "POST /v1/checkout/sessions": frozenset(
        {
            "mode",
            "line_items",
            "payment_intent_data",
            "success_url",
            "cancel_url",
            "customer",
            "customer_email",
            "metadata",
        }
    ),
    "POST /v1/refunds": frozenset({"payment_intent", "amount"}),
    "POST /v1/billing_portal/sessions": frozenset({"customer", "return_url"}),
}
"""What each request takes, beside `metadata` of what is made; to any other parameter Stripe says no."""
CREATES: Final[Mapping[str, Callable[[Books, Thing], Thing]]] = {
    "POST /v1/payment_intents": Books.create_intent,
    "POST /v1/checkout/sessions": Books.create_session,
    "POST /v1/refunds": Books.create_refund,
    "POST /v1/billing_portal/sessions": Books.create_portal,
}
KINDS: Final = {
    "customers": "customer",
    "payment_methods": "payment_method",
    "payment_intents": "payment_intent",
    "sessions": "checkout.session",
    "refunds": "refund",
}

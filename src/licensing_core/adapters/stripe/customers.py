"""Finding a payer at Stripe, by their address, and the card that is charged."""

from typing import Any, Final

from attrs import field, frozen

from licensing_core.adapters.stripe.calls import Answer, Calls, page_of

MOST_CUSTOMERS: Final = 10
"""How many customers of one address are told apart."""
_DEFAULT: Final = "data.invoice_settings.default_payment_method"


@frozen
class Payer:
    """A customer of Stripe's, and their card.

    Attributes:
        customer: The id of the customer.
        card: The id of the card: their default way to pay, when that is a card, else the one that was saved last;
            `None` when there is none.
    """

    customer: str
    card: str | None = field(repr=False)


def customers(calls: Calls, email: str | None) -> tuple[Answer, ...]:
    """The customers with this very address, capitals and all; `MOST_CUSTOMERS` and one at most."""
    if email is None:
        return ()
    params: Any = {"email": email, "limit": MOST_CUSTOMERS + 1, "expand": [_DEFAULT]}
    answer = calls.ask(lambda client: client.v1.customers.list(params))
    found = page_of(answer)[0]
    return tuple(one for one in found if one.get("email") == email)


def candidates(calls: Calls, found: tuple[Answer, ...]) -> tuple[Payer, ...]:
    """Who of the customers with one address is meant: nobody, one of them, or it is not clear who.

    There may be several, since Stripe makes a new customer whenever it is told to. It is the one that has a card; the
    oldest, when none has. When two have one it is neither of them: which card was meant nobody can know, and to charge
    none is the lesser harm.
    """
    payers = tuple(Payer(str(one["id"]), _card(calls, one)) for one in sorted(found, key=_age))
    with_cards = tuple(one for one in payers if one.card is not None)
    return with_cards or payers[:1]


def _card(calls: Calls, customer: Answer) -> str | None:
    default = (customer.get("invoice_settings") or {}).get("default_payment_method")
    if isinstance(default, dict) and default.get("type") == "card":
        return str(default["id"])
    params: Any = {"type": "card", "limit": 1}
    saved = calls.ask(lambda client: client.v1.customers.payment_methods.list(customer["id"], params))
    return next((str(one["id"]) for one in page_of(saved)[0]), None)


def _age(customer: Answer) -> tuple[int, str]:
    created = customer.get("created")
    return (created if type(created) is int else 0, str(customer["id"]))

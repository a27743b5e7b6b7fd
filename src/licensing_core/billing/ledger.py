"""The value ledger: what each line holds as charged, paid, credited and consumed, and what goes back to the customer.

A line enters when it is charged. What is given back of it is never more than is left of its charge, and what of that
goes back to the customer never more than was paid (decision 13, L6): what was not paid yet is no longer owed instead.

>>> from datetime import UTC
>>> from licensing_core.billing.lines import line
>>> from licensing_core.pricing import UnitPrice
>>> now, ana = datetime(2026, 5, 4, 12, tzinfo=UTC), Actor("ana")
>>> quote = Quote(
...     currency=Currency("EUR"),
...     lines=(line("base", 2, UnitPrice(Money.parse("30.00 EUR"))),),
... )
>>> ledger = open_ledger("acme", Currency("EUR"), by=ana, now=now).state
>>> ledger = book(ledger, quote, document="inv-1", by=ana, now=now).state
>>> ledger = pay(ledger, "inv-1", Money.parse("45.00 EUR"), by=ana, now=now).state
>>> str(ledger.outstanding("inv-1"))
'15.00 EUR'
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import reduce
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, cast

from attrs import evolve, frozen

from licensing_core.billing.lines import CreditLine, NotNegative, Reason
from licensing_core.billing.quotes import Quote, quote_changed
from licensing_core.billing.values import LineValue, of_charge
from licensing_core.checks import (
    FrozenMap,
    Id,
    InvalidArgument,
    InvalidId,
    Value,
    as_id,
    check_of,
    checked,
    instance,
    shown,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Event, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money

_as_mapping: Final = check_of(Mapping[Id, LineValue])


def _as_lines(name: str, value: Any) -> FrozenMap[str, LineValue]:
    """Lines of one currency under their ids; those that were checked before are not checked again."""
    if type(value) is FrozenMap and value.passed(_as_lines):
        return value
    lines = _as_mapping(name, value)
    if any(own != one.id for own, one in lines.items()):
        raise InvalidArgument(parameter=name, expected="each under its own id", got="one under another")
    for before, one in pairwise(lines.values()):
        if one.currency is not before.currency:
            raise CurrencyMismatch(expected=before.currency, got=one.currency)
    return FrozenMap.checked(lines, _as_lines)


@frozen(kw_only=True)
class UnknownLine(LicensingError):
    """The ledger holds no such line, or no line of such a document; load it, or look at the lines there are."""

    code: ClassVar[str] = "ledger.unknown"
    ledger: str
    wanted: str

    def __str__(self) -> str:
        return f"ledger {self.ledger!r} holds nothing of {self.wanted!r}; load its lines, or look at those there are"


@frozen(kw_only=True)
class AlreadyBooked(LicensingError):
    """The ledger has a line of this id already, or has taken something off it with this very document."""

    code: ClassVar[str] = "ledger.already_booked"
    ledger: str
    line: str

    def __str__(self) -> str:
        return f"ledger {self.ledger!r} has the line {self.line!r} already; book what is new under an id of its own"


@frozen(kw_only=True)
class PaidTooMuch(LicensingError):
    """More would be paid than is owed on the document."""

    code: ClassVar[str] = "ledger.paid_too_much"
    rules: ClassVar[tuple[str, ...]] = ("D-13",)
    document: str
    asked: Money
    owed: Money

    def __str__(self) -> str:
        return f"{self.asked} is more than the {self.owed} owed on {self.document!r}; pay that at most"


@frozen(kw_only=True)
class BalanceExceeded(LicensingError):
    """More would be spent or refunded than the customer has in credit."""

    code: ClassVar[str] = "ledger.balance_exceeded"
    rules: ClassVar[tuple[str, ...]] = ("D-13",)
    ledger: str
    asked: Money
    balance: Money

    def __str__(self) -> str:
        return f"{self.asked} is more than the {self.balance} in credit in ledger {self.ledger!r}; take that at most"


def _by_number(line: LineValue) -> tuple[str, int, str]:
    prefix, _, number = line.id.rpartition(":")
    return prefix, int(number) if number.isdecimal() else 0, number


@frozen(kw_only=True, field_transformer=checked)
class Ledger(Value):
    """What one customer was charged in one currency, and what of it was paid and given back.

    A decision needs the lines that it is about; a host may load those alone.

    Attributes:
        lines: By their ids.
        balance: What the customer has in credit: given back, and neither spent nor refunded.
    """

    id: Id
    currency: Currency
    lines: Annotated[Mapping[Id, LineValue], _as_lines] = FrozenMap({})
    balance: NotNegative

    def __attrs_post_init__(self) -> None:
        if self.balance.currency is not self.currency:
            raise CurrencyMismatch(expected=self.currency, got=self.balance.currency)
        first = next(iter(self.lines.values()), None)
        if first is not None and first.currency is not self.currency:
            raise CurrencyMismatch(expected=self.currency, got=first.currency)

    def line(self, line_id: str) -> LineValue:
        """The line of this id; raises `UnknownLine`."""
        found = self.lines.get(as_id("line_id", line_id))
        if found is None:
            raise UnknownLine(ledger=self.id, wanted=line_id)
        return found

    def of_document(self, document: str) -> tuple[LineValue, ...]:
        """The lines of one document, in the order of their ids and numbers; raises `UnknownLine` when none is here."""
        wanted = as_id("document", document)
        found = tuple(sorted((one for one in self.lines.values() if one.document == wanted), key=_by_number))
        if not found:
            raise UnknownLine(ledger=self.id, wanted=wanted)
        return found

    def outstanding(self, document: str | None = None) -> Money:
        """What is owed on *document*, or on all of them; raises `UnknownLine` when none of its lines is here."""
        lines = self.lines.values() if document is None else self.of_document(document)
        return Money.sum((one.outstanding for one in lines), self.currency)


@frozen(kw_only=True, field_transformer=checked)
class LedgerOpened(Event):
    """A ledger came to be, with what the customer brings from another system."""

    type: ClassVar[str] = "ledger.opened"
    ledger: Id
    currency: Currency
    lines: tuple[LineValue, ...]
    balance: Money


@frozen(kw_only=True, field_transformer=checked)
class LinesBooked(Event):
    """Lines were charged with a document, and others given back: what of them was paid is in credit."""

    type: ClassVar[str] = "ledger.booked"
    ledger: Id
    document: Id
    charged: tuple[LineValue, ...]
    credited: tuple[CreditLine, ...]


@frozen(kw_only=True, field_transformer=checked)
class PaymentBooked(Event):
    """A document was paid, in full or in part: so much on each of its lines; out of the credit or from outside."""

    type: ClassVar[str] = "ledger.paid"
    ledger: Id
    document: Id
    amount: Money
    parts: Mapping[Id, Money]
    from_balance: bool


@frozen(kw_only=True, field_transformer=checked)
class BalanceRefunded(Event):
    """Credit was paid out to the customer."""

    type: ClassVar[str] = "ledger.refunded"
    ledger: Id
    amount: Money


LedgerEvent = LinesBooked | PaymentBooked | BalanceRefunded


def opened(event: LedgerOpened) -> Ledger:
    """The ledger that *event* opened."""
    lines = {one.id: one for one in event.lines}
    return Ledger(id=event.ledger, currency=event.currency, lines=lines, balance=event.balance)


def apply(ledger: Ledger, event: LedgerEvent) -> Ledger:
    """*ledger* after *event*, which has happened: nothing is refused."""
    if isinstance(event, LinesBooked):
        after = reduce(_credited(event.document), event.credited, _with(ledger, event.charged))
        given_back = Money.sum((one.credit for one in event.credited), ledger.currency)
        return evolve(after, balance=ledger.balance + given_back)
    if isinstance(event, PaymentBooked):
        after = _with(ledger, (ledger.lines[name].with_payment(part) for name, part in event.parts.items()))
        return evolve(after, balance=ledger.balance - event.amount) if event.from_balance else after
    return evolve(ledger, balance=ledger.balance - event.amount)


def _credited(document: str) -> Callable[[Ledger, CreditLine], Ledger]:
    return lambda ledger, credit: _with(ledger, (ledger.lines[credit.line].with_credit(credit, document),))


def _with(ledger: Ledger, lines: Iterable[LineValue]) -> Ledger:
    own = cast("FrozenMap[str, LineValue]", ledger.lines)  # `_as_lines()` made it
    return evolve(ledger, lines=own.merged({one.id: one for one in lines}))


def open_ledger(
    ledger_id: Id,
    currency: Currency,
    *,
    lines: tuple[LineValue, ...] = (),
    balance: Money | None = None,
    by: Actor,
    now: datetime,
) -> Decision[Ledger, LedgerOpened]:
    """Open the ledger of a customer; *lines* and *balance* are what they bring from another system.

    Raises:
        InvalidArgument: Two lines have one id, or the balance is negative.
        CurrencyMismatch: A line or the balance is in another currency.
    """
    if len({one.id for one in lines}) < len(lines):
        raise InvalidArgument(parameter="lines", expected="each of another id", got="one twice")
    brought = Money.zero(currency) if balance is None else balance
    event = LedgerOpened(ledger=ledger_id, currency=currency, lines=lines, balance=brought, by=acting(by), at=now)
    return Decision(opened(event), (event,))


_as_quote: Final = instance(Quote)
_as_ledger: Final = instance(Ledger)
_MOST_PREFIX: Final = 54


def book(ledger: Ledger, quote: Quote, *, document: Id, by: Actor, now: datetime) -> Decision[Ledger, LinesBooked]:
    """Charge and give back what *quote* says, exactly; its charges become lines `document:1`, `document:2`, ...

    Raises:
        CurrencyMismatch: The quote is in another currency.
        AlreadyBooked: Lines of this document are here already, or it has taken something off a line already.
        UnknownLine: A credit is of a line that is not here.
        QuoteChanged: A line can no longer give back what the quote says, since it was paid or credited in between.

    Source: decision 13, L5, L6.
    """
    _as_quote("quote", quote)
    ids = line_ids("document", document, quote)
    return book_as(ids, ledger, quote, document=document, by=by, now=now)


def require_prefix(name: str, prefix: str) -> str:
    """*prefix*, which is the parameter *name*, when lines can be called by it and a number.

    Raises:
        InvalidId: It is no id, or leaves no room for a number.
    """
    if len(as_id(name, prefix)) > _MOST_PREFIX:
        expected = f"an id of at most {_MOST_PREFIX} characters, since its lines have a number behind it"
        raise InvalidId(parameter=name, expected=expected, got=shown(prefix))
    return prefix


def line_ids(name: str, prefix: str, quote: Quote, *, after: int = 0) -> tuple[str, ...]:
    """Ids for the charges of *quote*: the *prefix*, which is the parameter *name*, and a number from *after* + 1 on.

    Raises:
        InvalidId: The prefix is none, or leaves no room for a number.
    """
    require_prefix(name, prefix)
    return tuple(f"{prefix}:{after + number}" for number in range(1, len(quote.charges) + 1))


def book_as(
    ids: tuple[Id, ...], ledger: Ledger, quote: Quote, *, document: Id, by: Actor, now: datetime
) -> Decision[Ledger, LinesBooked]:
    """The same as `book()`, under ids for the lines that the caller names, one for each charge; refused alike."""
    if quote.currency is not _as_ledger("ledger", ledger).currency:
        raise CurrencyMismatch(expected=ledger.currency, got=quote.currency)
    for one in ids:
        if one in ledger.lines:
            raise AlreadyBooked(ledger=ledger.id, line=one)
    charged = tuple(
        of_charge(charge, taxes, quote.taxes, line_id=line_id, document=document)
        for line_id, charge, taxes in zip(ids, quote.charges, quote.charge_taxes, strict=True)
    )
    _require_credits(ledger, quote, document)
    event = LinesBooked(
        ledger=ledger.id, document=document, charged=charged, credited=quote.credits, by=acting(by), at=now
    )
    return Decision(apply(ledger, event), (event,))


def _require_credits(ledger: Ledger, quote: Quote, document: str) -> None:
    """See to it that the lines can still give back what *quote* says: none was paid or credited since."""
    touched: dict[str, LineValue] = {}
    found: list[CreditLine] = []
    for asked in quote.credits:
        held = touched.get(asked.line) or ledger.line(asked.line)
        if document in held.notes and asked.line not in touched:
            raise AlreadyBooked(ledger=ledger.id, line=asked.line)
        now = held.credit_of(asked.exact, asked.billed, asked.reason, amount=asked.amount)
        touched[asked.line] = held.with_credit(now, document)
        found.append(now)
    if tuple(found) != quote.credits:
        raise quote_changed(quote, evolve(quote, lines=(*quote.charges, *found)))


def _paid(
    ledger: Ledger, document: Id, amount: Money, *, from_balance: bool, by: Actor, now: datetime
) -> Decision[Ledger, PaymentBooked]:
    asked, lines = _positive(amount), _as_ledger("ledger", ledger).of_document(document)
    _require_currency(ledger, asked)
    if from_balance and asked > ledger.balance:
        raise BalanceExceeded(ledger=ledger.id, asked=asked, balance=ledger.balance)
    owed = ledger.outstanding(document)
    if asked > owed:
        raise PaidTooMuch(document=document, asked=asked, owed=owed)
    shares = asked.allocate([one.outstanding.minor for one in lines]).parts
    parts = {one.id: part for one, part in zip(lines, shares, strict=True) if part}
    event = PaymentBooked(
        ledger=ledger.id,
        document=document,
        amount=asked,
        parts=parts,
        from_balance=from_balance,
        by=acting(by),
        at=now,
    )
    return Decision(apply(ledger, event), (event,))


def _require_currency(ledger: Ledger, amount: Money) -> None:
    if amount.currency is not ledger.currency:
        raise CurrencyMismatch(expected=ledger.currency, got=amount.currency)


def _positive(amount: Money) -> Money:
    if not isinstance(amount, Money) or amount.minor <= 0:
        got = str(amount) if isinstance(amount, Money) else shown(amount)
        raise InvalidArgument(parameter="amount", expected="Money above zero", got=got)
    return amount


def pay(ledger: Ledger, document: Id, amount: Money, *, by: Actor, now: datetime) -> Decision[Ledger, PaymentBooked]:
    """Book a payment from outside for *document*, in full or in part; its lines share it by what is owed on them.

    Raises:
        InvalidArgument: *amount* is not above zero.
        UnknownLine: No line of the document is here.
        CurrencyMismatch: *amount* is in another currency.
        PaidTooMuch: More than is owed on it.
    """
    return _paid(ledger, document, amount, from_balance=False, by=by, now=now)


def spend_balance(
    ledger: Ledger, document: Id, amount: Money, *, by: Actor, now: datetime
) -> Decision[Ledger, PaymentBooked]:
    """Pay for *document* out of what the customer has in credit.

    Raises:
        InvalidArgument: *amount* is not above zero.
        UnknownLine: No line of the document is here.
        CurrencyMismatch: *amount* is in another currency.
        BalanceExceeded: More than is in credit.
        PaidTooMuch: More than is owed on it.
    """
    return _paid(ledger, document, amount, from_balance=True, by=by, now=now)


def refund_balance(ledger: Ledger, amount: Money, *, by: Actor, now: datetime) -> Decision[Ledger, BalanceRefunded]:
    """Pay out what the customer has in credit, or a part of it.

    Raises:
        InvalidArgument: *amount* is not above zero.
        CurrencyMismatch: *amount* is in another currency.
        BalanceExceeded: More than is in credit.
    """
    _require_currency(_as_ledger("ledger", ledger), _positive(amount))
    if amount > ledger.balance:
        raise BalanceExceeded(ledger=ledger.id, asked=amount, balance=ledger.balance)
    event = BalanceRefunded(ledger=ledger.id, amount=amount, by=acting(by), at=now)
    return Decision(apply(ledger, event), (event,))


def reversal(ledger: Ledger, document: Id) -> Quote:
    """The quote that takes back all that is left of *document*: charge plus reversal is zero.

    Raises:
        UnknownLine: No line of the document is here.
    """
    held = _as_ledger("ledger", ledger).of_document(document)
    lines = [one.credit_of(one.left.minor, one.billed, Reason.CORRECTION) for one in held]
    return Quote(currency=ledger.currency, lines=tuple(one for one in lines if one.amount))


can_book = twin(book, "D-13")
can_pay = twin(pay, "D-13")
can_spend_balance = twin(spend_balance, "D-13")
can_refund_balance = twin(refund_balance, "D-13")

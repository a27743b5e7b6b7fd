"""Money: exact amounts, their text, their arithmetic, and what is refused."""

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any

import attrs
import pytest

from licensing_core.checks import InvalidArgument
from licensing_core.errors import LicensingError
from licensing_core.money import (
    MAX_MINOR,
    Allocation,
    AmountTooLarge,
    Currency,
    CurrencyMismatch,
    InvalidAmount,
    InvalidWeights,
    Money,
    Rounding,
    UnknownCurrency,
)

EUR, USD, JPY, BHD, CLF = map(Currency, ("EUR", "USD", "JPY", "BHD", "CLF"))
INEXACT = [1.0, float("nan"), float("inf"), -0.0, Decimal(1), Decimal("sNaN"), Decimal("1e9999999"), True, "1", None]


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def minors(allocation: Allocation) -> tuple[list[int], int]:
    return [part.minor for part in allocation.parts], allocation.rest.minor


# Amounts and their text


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("12.50 EUR", 1250, EUR),
        ("-0.05 EUR", -5, EUR),
        ("0.00 EUR", 0, EUR),
        ("1800 JPY", 1800, JPY),
        ("-1 JPY", -1, JPY),
        ("0.001 BHD", 1, BHD),
        ("-12.345 BHD", -12345, BHD),
        ("1.0000 CLF", 10000, CLF),
        ("90071992547409.91 EUR", MAX_MINOR, EUR),
        ("-90071992547409.91 EUR", -MAX_MINOR, EUR),
    ],
)
def test_an_amount_is_written_and_read_back(text: str, minor: int, currency: Currency) -> None:
    amount = Money.parse(text)
    assert amount == Money(minor, currency)
    assert (str(amount), amount.text) == (text, text.partition(" ")[0])
    assert (type(amount), amount.minor, amount.currency) == (Money, minor, currency)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("12 EUR", 1200), ("12.5 EUR", 1250), ("007.00 EUR", 700), ("-0 EUR", 0), ("0" * 24 + " EUR", 0)],
)
def test_decimals_may_be_left_out(text: str, minor: int) -> None:
    assert Money.parse(text) == Money(minor, EUR)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EUR",
        "12.50",
        "12.50EUR",
        "12.50  EUR",
        " 12.50 EUR",
        "12.50 EUR ",
        "12.50 EUR\n",
        "12.50\tEUR",
        "EUR 12.50",
        "12,50 EUR",
        "1.000,00 EUR",
        "1_000 EUR",
        "+1 EUR",
        "--1 EUR",
        "- 1 EUR",
        ".50 EUR",
        "12. EUR",
        "1.2.3 EUR",
        "1e3 EUR",
        "0x10 EUR",
        "NaN EUR",
        "Infinity EUR",
        "١٢ EUR",
        "² EUR",
        "12.50 eur",
        "12.50 EURO",
        "0" * 25 + " EUR",
        "9" * 1_000_000 + " EUR",
        *INEXACT[:-2],
        None,
        b"12.50 EUR",
        1250,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_text_of_another_form_is_no_amount(text: Any) -> None:
    with pytest.raises(InvalidAmount) as refused:
        Money.parse(text)
    assert (refused.value.code, refused.value.parameter) == ("amount.invalid", "text")


def test_a_refusal_does_not_repeat_the_text() -> None:
    with pytest.raises(InvalidAmount) as refused:
        Money.parse("12.50 for ana@example.com")
    assert str(refused.value) == "text must be an amount and a currency, as 12.50 EUR, got str of 25 characters"


@pytest.mark.parametrize(("text", "most", "got"), [("12.500 EUR", 2, 3), ("1.0 JPY", 0, 1), ("1.0001 BHD", 3, 4)])
def test_more_decimals_than_the_currency_has_are_no_amount(text: str, most: int, got: int) -> None:
    with pytest.raises(InvalidAmount) as refused:
        Money.parse(text)
    expected = f"at most {most} decimals for {text.split()[1]}"
    assert refused.value == InvalidAmount(parameter="text", expected=expected, got=f"{got} decimals")


def test_an_unknown_currency_in_the_text_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        Money.parse("12.50 XXX")


# Bounds and types


@pytest.mark.parametrize("minor", [*INEXACT, Fraction(1), 1 + 0j], ids=repr)
def test_minor_units_are_an_int(minor: Any) -> None:
    with pytest.raises(InvalidAmount) as refused:
        Money(minor, EUR)
    assert (refused.value.parameter, refused.value.expected) == ("minor", "an int, in minor units")


@pytest.mark.parametrize("currency", ["EUR", None, 978, object()], ids=lambda one: repr(one)[:14])
def test_a_currency_is_a_currency(currency: Any) -> None:
    ways: list[Callable[[], object]] = [
        lambda: Money(1, currency),
        lambda: Money.zero(currency),
        lambda: Money.rounded(1, currency),
        lambda: Money.sum([], currency),
    ]
    for make in ways:
        with pytest.raises(InvalidArgument) as refused:
            make()
        assert (refused.value.parameter, refused.value.expected) == ("currency", "of type Currency")


TOP, BOTTOM, ONE = Money(MAX_MINOR, EUR), Money(-MAX_MINOR, EUR), Money(1, EUR)


@pytest.mark.parametrize(
    "passed",
    [
        lambda: Money(MAX_MINOR + 1, EUR),
        lambda: Money(-MAX_MINOR - 1, EUR),
        lambda: Money(10**100_000, EUR),
        lambda: Money.parse("90071992547409.92 EUR"),
        lambda: Money.parse("-90071992547409.92 EUR"),
        lambda: Money.parse("9" * 24 + " EUR"),
        lambda: TOP + ONE,
        lambda: BOTTOM + -ONE,
        lambda: BOTTOM - ONE,
        lambda: TOP - -ONE,
        lambda: TOP * 2,
        lambda: -2 * TOP,
        lambda: TOP.scaled(Fraction(MAX_MINOR + 1, MAX_MINOR)),
        lambda: Money.rounded(Fraction(2 * MAX_MINOR + 1, 2), EUR),
        lambda: Money.sum([TOP, ONE], EUR),
        lambda: Money.sum([BOTTOM, -ONE], EUR),
    ],
)
def test_no_amount_passes_the_bound(passed: Callable[[], Money]) -> None:
    with pytest.raises(AmountTooLarge) as refused:
        passed()
    assert refused.value.code == "amount.too_large"
    assert refused.value.expected == "from -9007199254740991 to 9007199254740991 minor units"
    assert len(str(refused.value)) < 140


def test_the_bound_itself_is_an_amount() -> None:
    assert (TOP + -ONE) + ONE == TOP
    assert (BOTTOM + ONE) + -ONE == BOTTOM
    assert BOTTOM - Money.zero(EUR) == BOTTOM == -TOP == TOP * -1
    assert Money.sum([TOP, ONE, -ONE], EUR) == TOP  # only the sum is bounded
    assert Money.rounded(Fraction(2 * MAX_MINOR + 1, 2), EUR, Rounding.DOWN) == TOP
    assert minors(TOP.split(1)) == ([MAX_MINOR], 0)
    assert minors(BOTTOM.allocate([1, 0])) == ([-MAX_MINOR, 0], 0)


# Arithmetic


def test_amounts_of_one_currency_add_up() -> None:
    assert euros("0.10") + euros("0.20") == euros("0.30")
    assert euros("0.10") - euros("0.20") == euros("-0.10")
    assert -euros("0.10") == euros("-0.10")
    assert abs(euros("-0.10")) == abs(euros("0.10")) == euros("0.10")
    assert euros("0.10") * 3 == 3 * euros("0.10") == euros("0.30")
    assert (bool(euros("0.01")), bool(euros("-0.01")), bool(euros("0.00"))) == (True, True, False)
    assert Money.zero(EUR) == Money(0, EUR)


def test_amounts_have_an_order() -> None:
    amounts = [euros("-2.00"), euros("-1.00"), euros("0.00"), euros("1.00")]
    assert sorted([amounts[2], amounts[0], amounts[3], amounts[1]]) == amounts
    assert max(amounts) == euros("1.00")
    for less, more in pairwise(amounts):
        assert (less < more, less <= more, less > more, less >= more) == (True, True, False, False)
        assert (less < less, less <= less, less > less, less >= less) == (False, True, False, True)


OPERATORS: list[Callable[[Any, Any], object]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
    lambda a, b: Money.sum([a, b], a.currency),
    max,
    lambda a, b: sorted([a, b]),
]


@pytest.mark.parametrize(("left", "right"), list(permutations([EUR, JPY, BHD], 2)))
def test_no_operator_mixes_currencies(left: Currency, right: Currency) -> None:
    for operate in OPERATORS[:7]:
        with pytest.raises(CurrencyMismatch) as refused:
            operate(Money(0, left), Money(0, right))
        assert refused.value == CurrencyMismatch(expected=left, got=right)
    for operate in OPERATORS[7:]:
        with pytest.raises(CurrencyMismatch):
            operate(Money(0, left), Money(0, right))


def test_a_mismatch_says_what_to_do() -> None:
    refusal = CurrencyMismatch(expected=EUR, got=USD)
    assert str(refusal) == "an amount in EUR and one in USD do not go together; convert one"
    assert (refusal.code, pickle.loads(pickle.dumps(refusal)), hash(refusal)) == (
        "currency.mismatch",
        refusal,
        hash(CurrencyMismatch(expected=EUR, got=USD)),
    )


def test_amounts_of_different_currencies_are_not_equal() -> None:
    unlike: object = 1
    assert Money(0, EUR) != Money(0, USD)
    assert Money(1, EUR) != unlike
    assert len({Money(1, EUR), Money(1, USD), Money(1, EUR)}) == 2


@pytest.mark.parametrize("other", [*INEXACT, 0, 1, Fraction(1), object()], ids=lambda one: repr(one)[:14])
def test_only_money_goes_with_money(other: Any) -> None:
    for operate in OPERATORS[:7]:
        with pytest.raises(InvalidAmount) as refused:
            operate(ONE, other)
        assert (refused.value.parameter, refused.value.expected) == ("other", "Money in EUR")


def test_the_sum_of_python_has_no_money_to_start_from() -> None:
    with pytest.raises(TypeError):
        sum([ONE])  # type: ignore[list-item]
    assert sum([ONE, ONE], Money.zero(EUR)) == Money(2, EUR)


def test_a_sum_takes_any_iterable() -> None:
    assert Money.sum([], JPY) == Money(0, JPY)
    assert Money.sum((Money(minor, EUR) for minor in range(1001)), EUR) == euros("5005.00")


def test_a_sum_refuses_what_only_looks_like_money() -> None:
    class Lookalike:
        currency, minor = EUR, 0.5

    with pytest.raises(InvalidAmount):
        Money.sum([Lookalike()], EUR)  # type: ignore[list-item]
    with pytest.raises(InvalidAmount):
        ONE + Lookalike()  # type: ignore[operator]


@pytest.mark.parametrize("times", [*INEXACT, Fraction(1), ONE], ids=repr)
def test_money_is_multiplied_by_ints_only(times: Any) -> None:
    ways: list[Callable[[], object]] = [lambda: ONE * times, lambda: times * ONE]
    for multiply in ways:
        with pytest.raises(InvalidAmount) as refused:
            multiply()
        assert refused.value.parameter == "times"


# Values

VALUES = [Money(1250, EUR), ONE + ONE, Money.zero(BHD), Money(100, EUR).split(3), Money(7, JPY).allocate([1, 2])]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_copies_are_equal_and_checked_again(value: Any) -> None:
    copies = [
        copy.copy(value),
        copy.deepcopy(value),
        attrs.evolve(value),
        *(pickle.loads(pickle.dumps(value, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
    ]
    for one in copies:
        assert (one, hash(one), type(one)) == (value, hash(value), type(value))
        assert repr(one) == repr(value)


def test_no_way_of_making_leads_round_the_checks() -> None:
    with pytest.raises(InvalidAmount):
        attrs.evolve(ONE, minor=0.5)  # type: ignore[arg-type]
    with pytest.raises(AmountTooLarge):
        attrs.evolve(ONE, minor=MAX_MINOR + 1)
    forged = pickle.dumps(Money(1250, EUR), 0).replace(b"I1250\n", b"F12.5\n")
    with pytest.raises(InvalidAmount):
        pickle.loads(forged)


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_is_read_only_and_slotted(value: Any) -> None:
    for name in [field.name for field in attrs.fields(type(value))]:
        with pytest.raises(AttributeError):
            setattr(value, name, getattr(value, name))
        with pytest.raises(AttributeError):
            delattr(value, name)
    with pytest.raises(AttributeError):
        value.note = "x"
    assert not hasattr(value, "__dict__")


def test_every_refusal_of_money_is_one_of_the_library() -> None:
    for error in (AmountTooLarge, CurrencyMismatch, InvalidAmount, InvalidWeights, UnknownCurrency):
        assert issubclass(error, LicensingError)
    for error in (AmountTooLarge, InvalidAmount, InvalidWeights, UnknownCurrency):
        assert issubclass(error, InvalidArgument)


def test_money_shows_its_fields() -> None:
    assert repr(euros("12.50")) == "Money(minor=1250, currency=Currency('EUR'))"

"""Amounts as a locale writes them, by formatters that are compiled once for each locale and currency.

A formatter is made of Babel's data and works on whole minor units, some twenty-five times as fast as Babel. It is
compared with Babel when it is made; where the two differ (the groups of two digits of `hi_IN`, say), Babel prints.

The decimals are those of ISO 4217, as in `Money`. Babel prints those of CLDR, which has fewer for thirteen
currencies: it would print 1.234 Iraqi dinars as 1.
"""

from collections.abc import Callable
from copy import copy
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, localcontext
from functools import cache
from typing import TYPE_CHECKING, Final

from licensing_core.checks import instance
from licensing_core.currencies import Currency
from licensing_core.messages.catalogs import locale_of
from licensing_core.money import MAX_MINOR, Money

if TYPE_CHECKING:
    from babel import Locale

Formatter = Callable[[int], str]
"""Minor units of one currency to the text of one locale."""

_as_money: Final = instance(Money)
_MOST_FORMATTERS: Final = 4096
_FORMATTERS: Final[dict[tuple[str, Currency], Formatter]] = {}
_SAMPLES: Final = (0, -1, 99, 1000, -123_456, 1_234_567, -98_765_432, MAX_MINOR)


def format_money(money: Money, locale: str) -> str:
    """*money* as *locale* writes it, with the decimals of ISO 4217.

    But for these, it is the text of `babel.numbers.format_currency()`.

    >>> (
    ...     format_money(Money.parse("1234.56 EUR"), "es"),
    ...     format_money(Money.parse("1.234 IQD"), "en"),
    ... )
    ('1.234,56\\xa0€', 'IQD1.234')

    Raises:
        InvalidArgument: *money* is none.
        UnknownLocale: *locale* has another form than `es` or `es_MX`, or Babel does not know its language.

    Source: goal 6.
    """
    if type(money) is not Money:
        _as_money("money", money)
    try:
        formatter = _FORMATTERS[locale, money.currency]
    except (KeyError, TypeError):
        formatter = _formatter(locale, money.currency)
    return formatter(money.minor)


def _formatter(locale: str, currency: Currency) -> Formatter:
    known = locale_of(locale)
    if len(_FORMATTERS) >= _MOST_FORMATTERS:
        _FORMATTERS.clear()
    by_babel = _by_babel(known, currency)
    compiled = _compiled(known, currency)
    same = all(compiled(minor) == by_babel(minor) for minor in _SAMPLES)
    made = _FORMATTERS[locale, currency] = compiled if same else by_babel
    return made


@cache
def exact_context() -> Context:
    """A decimal context that loses nothing of our amounts, whatever the ambient one is."""
    return Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999, Emax=999, traps=[InvalidOperation])


def _by_babel(locale: "Locale", currency: Currency) -> Formatter:
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (currency.digits, currency.digits)

    def formatter(minor: int) -> str:
        with localcontext(exact_context()):
            amount = Decimal(minor).scaleb(-currency.digits)
            text: str = pattern.apply(amount, locale, currency=currency.code, currency_digits=False)
        return text

    return formatter


def _compiled(locale: "Locale", currency: Currency) -> Formatter:
    from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol  # noqa: PLC0415

    pattern = locale.currency_formats["standard"]
    symbol = get_currency_symbol(currency.code, locale)
    before, before_minus = (text.replace("¤", symbol) for text in pattern.prefix)
    after, after_minus = (text.replace("¤", symbol) for text in pattern.suffix)
    group, point = get_group_symbol(locale), get_decimal_symbol(locale)
    if currency.digits != 2:
        return _in_units(currency.digits, group, point, (before, after), (before_minus, after_minus))
    tails = [f"{point}{cents:02}{after}" for cents in range(100)]
    tails_minus = [f"{point}{cents:02}{after_minus}" for cents in range(100)]

    def formatter(minor: int) -> str:
        if minor < 0:
            units, cents = divmod(-minor, 100)
            lead, tail = before_minus, tails_minus[cents]
        else:
            units, cents = divmod(minor, 100)
            lead, tail = before, tails[cents]
        if units < 1000:
            return f"{lead}{units}{tail}"
        return f"{lead}{f'{units:,}'.replace(',', group)}{tail}"

    return formatter


def _in_units(digits: int, group: str, point: str, plus: tuple[str, str], minus: tuple[str, str]) -> Formatter:
    """The formatter of a currency with other than two decimals; *plus* and *minus* are what stands around an amount."""

    def formatter(minor: int) -> str:
        units, rest = divmod(abs(minor), 10**digits)
        lead, tail = minus if minor < 0 else plus
        decimals = f"{point}{rest:0{digits}}" if digits else ""
        return lead + f"{units:,}".replace(",", group) + decimals + tail

    return formatter

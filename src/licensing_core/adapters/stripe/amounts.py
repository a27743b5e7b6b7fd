"""Amounts as Stripe counts them: in units of its own, which are those of ISO 4217 for most currencies, not for all.

MGA has no decimals there. ISK and UGX, which have none by ISO 4217, are counted in hundredths that must be whole. Of
currencies with three decimals the last one must be 0.

>>> (
...     to_stripe(Money.parse("12.50 EUR")),
...     to_stripe(Money.parse("5 ISK")),
...     to_stripe(Money.parse("7.00 MGA")),
... )
(1250, 500, 7)
>>> to_stripe(Money.parse("7.50 MGA"))
Traceback (most recent call last):
    ...
licensing_core.protocols.gateway.GatewayFailed: the payment gateway failed (refused): ...
"""

from collections.abc import Mapping
from typing import Any, Final

from licensing_core.checks import FrozenMap
from licensing_core.money import Currency, Money
from licensing_core.protocols.gateway import GatewayFailed

_BY_DECIMALS: Final = {
    0: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY
        COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK
        JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO
        NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS
        TOP TRY TTD TWD TZS UAH UGX USD UYU UZS WST XCD XCG YER ZAR ZMW
    """,
    3: "BHD JOD KWD OMR TND",
}
DECIMALS: Final[Mapping[str, int]] = FrozenMap(
    {code: decimals for decimals, codes in _BY_DECIMALS.items() for code in codes.split()}
)
"""The currencies that Stripe takes, and the decimals of the unit that it counts each in."""
_MOST_DIGITS: Final[Mapping[str, int]] = FrozenMap({"COP": 12, "HUF": 12, "IDR": 12, "INR": 9, "JPY": 10, "LBP": 13})
"""Digits of the highest amount, where it has not 8. Stripe itself refuses what is within, but too much for a card."""


def to_stripe(amount: Money) -> int:
    """The number of Stripe's units that *amount* is, exactly; 1 or more.

    Raises:
        GatewayFailed: It is `refused`: not above zero, no whole number of them, too high, or in another currency.
    """
    code = amount.currency.code
    if code in DECIMALS and amount.minor > 0:
        units, rest = divmod(amount.minor * _power(DECIMALS[code]), _power(amount.currency.digits))
        if rest == 0 and units % _step(code) == 0 and units < _power(_MOST_DIGITS.get(code, 8)):
            return units
    raise GatewayFailed(reason="refused")


def from_stripe(units: Any, code: Any) -> Money:
    """The amount that so many *units* of Stripe are; *code* is the currency, in small letters as Stripe writes it.

    Raises:
        ValueError: It is no amount in a currency that is known to both, or no whole number of minor units.
        LicensingError: It is too large.
    """
    if type(units) is not int or type(code) is not str or code.upper() not in DECIMALS or code != code.lower():
        raise ValueError("no amount")
    currency = Currency(code.upper())
    minor, rest = divmod(units * _power(currency.digits), _power(DECIMALS[currency.code]))
    if rest:
        raise ValueError("no whole number of minor units")
    return Money(minor, currency)


def _step(code: str) -> int:
    """Of what amounts must be multiples, beyond what the decimals of ISO 4217 see to."""
    return 10 if DECIMALS[code] == 3 else 1


def _power(digits: int) -> int:
    """The first number with one digit more than that."""
    return int(10**digits)

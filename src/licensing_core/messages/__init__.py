"""Codes and fields to sentences, and amounts to text, for the locale that the caller names.

Neither the environment nor the machine's locale is read. Babel is loaded when the first text is made.

>>> from licensing_core.money import Money
>>> from licensing_core.pools import PoolInUse
>>> explain(PoolInUse(pool="p1", consumed=51, asked=50), "es")
'La bolsa p1 no se puede reducir a 50: quedarían 51 asignadas. Libera alguna primero.'
>>> (
...     format_money(Money.parse("1800.00 EUR"), "de"),
...     format_money(Money.parse("-1800 JPY"), "en"),
... )
('1.800,00\xa0€', '-¥1,800')
"""

from licensing_core.messages.amounts import format_money
from licensing_core.messages.catalogs import UnknownLocale, language_of, languages
from licensing_core.messages.sentences import explain

__all__ = ["UnknownLocale", "explain", "format_money", "language_of", "languages"]

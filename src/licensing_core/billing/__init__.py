"""What is asked for: quotes, line by line."""

from licensing_core.billing.quotes import Quote, QuoteChanged, QuoteLine, line, require_confirmed

__all__ = ["Quote", "QuoteChanged", "QuoteLine", "line", "require_confirmed"]

"""What is asked for: quotes, line by line."""

from licensing_core.billing.quotes import Quote, QuoteLine, line

__all__ = ["Quote", "QuoteLine", "line"]

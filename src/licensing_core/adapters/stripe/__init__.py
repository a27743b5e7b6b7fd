"""A gateway that is Stripe, over its own library; it comes with the extra `stripe`.

`StripeGateway(api_key, webhook_secrets=[secret], return_to="https://app.example/licenses")` is all that it takes.
"""

from licensing_core.adapters.stripe.gateway import StripeGateway

__all__ = ["StripeGateway"]

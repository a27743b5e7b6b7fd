"""Laws, strategies and fakes with which users check their own plans and adapters."""

"""How the tables came to be as they are: one module in `versions` for each step, run by `adapters.sql.migrating`.

Whoever changes `adapters.sql.schema` adds a step, and its number to `adapters.sql.revisions.REVISIONS`. A step that was
released is frozen: it names nothing that may change later, and is corrected by a later step only.
"""

"""The steps, each with `upgrade(op)` and `downgrade(op)`; alembic finds them by their files."""

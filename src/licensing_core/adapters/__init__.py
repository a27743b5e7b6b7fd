"""What stands behind the ports: stores in memory and in SQL databases, each imported by who asks for it."""

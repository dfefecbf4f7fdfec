"""SIGKILL at seeded moments: `make crash` (docs/operations.md)."""

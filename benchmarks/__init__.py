"""Measurements against truth and against peers; the only readers of a fixture's truth besides the tests."""

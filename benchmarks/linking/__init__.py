"""Whom does an application mean: our matching beside Splink's, on the same made-up people and on FEBRL."""

"""Seeded fuzzing of everything that reads files from outside; `make fuzz` runs as many cases as asked.

A case is known by seed, format and number alone, so each can be made again:
`make fuzz ARGS="--seed 7 --only pdf:123"`.
"""

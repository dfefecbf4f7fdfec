"""How well forms are read, held against the truth: rows of fields, and what they add up to. Pure.

Used on drawn sheets by `benchmarks`, and on a city's own scans by `ichimado score`.
"""

"""Ticks and circles, and what was done to writing: struck out, rubbed out, run over its box."""

"""Cutting written ink out of the upright page, and telling it from print and dirt."""

"""Measurements against truth and against peers; the only readers of a fixture's truth besides the tests."""

import os

# Before any of the libraries that would start threads of their own: figures are of one thread a reader.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

"""The command line, and the place where the parts are put together."""

import os

# Before numpy is loaded: pages are read side by side, one thread each. Two threads of its linear algebra that wait for
# each other took five times the processor time to register a page.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

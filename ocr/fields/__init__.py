"""One job for each kind of field: what is recognised, and how it becomes a reading."""

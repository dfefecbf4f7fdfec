"""Two records in, evidence out: no database, no settings, no clock."""

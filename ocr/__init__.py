"""Page pictures in, readings out: no database, no settings, no clock."""

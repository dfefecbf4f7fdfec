"""From an engine's log-probabilities to characters and values: masks, grammars, word lists, spelling."""

"""The small models of our own: data drawn from a seed, training, and what they reach on what was held out."""

"""Whether two analyses are the same to within a margin: layer by layer, and for the whole run."""

"""How many points are enough: every metric against the number of points and of principal components."""

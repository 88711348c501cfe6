"""Is one run the same as another, to within a margin, and were there texts enough to say so?"""

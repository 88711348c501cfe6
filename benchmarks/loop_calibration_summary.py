def summarize(x): return {}

def summarize(x):
    return {}

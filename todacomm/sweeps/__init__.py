"""Many analyses: planned, handed out, never done twice."""

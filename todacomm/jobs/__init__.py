"""What a user starts: each reads settings, measures, draws, reports and writes once."""

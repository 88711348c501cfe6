"""One module for each entry point of the MLproject: options, settings, one call of the library."""

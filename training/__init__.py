"""Training of the two bundled models from scratch, on the documentation of installed scientific packages."""

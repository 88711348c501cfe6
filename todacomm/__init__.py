"""todacomm: language models compared by the topology of their activations."""

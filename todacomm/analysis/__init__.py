"""The numbers of one analysis, in the order of the way: observe, shape, inference, assembly."""

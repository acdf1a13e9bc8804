"""Events, from an accepted request to a committed row: declare a stream, call `accept`, and it is on disk, counted once."""

"""Papers by mail: who wants it, what is in it, and sending it once."""

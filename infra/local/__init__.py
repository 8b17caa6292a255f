"""The embedded stack: one broker, one gateway and our own processes on this machine, under supervisor."""

"""What the system runs on: pinned jars, the embedded stack, and each service's configuration."""

"""The gateway: Spark in one resident application, alone or on a cluster."""

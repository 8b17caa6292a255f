"""The anomaly detector on simulated events: worlds with and without faults, and what it finds in them."""

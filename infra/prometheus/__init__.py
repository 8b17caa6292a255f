"""What is measured: the configuration, the alert rules with their tests, and the names of the metrics."""

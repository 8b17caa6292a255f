"""What is measured: configuration, alert rules with their tests, and the names of the metrics."""

"""Making sales and sending them to Kafka."""

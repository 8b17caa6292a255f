"""Reading the Kafka topic: its offsets, and its records, whatever their size."""

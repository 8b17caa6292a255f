"""Reading the Kafka topic: its offsets, its records, whatever their size."""

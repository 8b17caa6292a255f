"""What happens to a sale: it is sent to Kafka, kept in Bronze, judged in Silver, and read from there."""

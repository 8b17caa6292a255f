"""Sales to Kafka, Kafka to Bronze, Bronze to Silver, and the `sales` command that drives and checks it."""

"""From Kafka to Bronze: the stream, where it resumes, and a record of what it could not take."""

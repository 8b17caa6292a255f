"""Access to Spark: Connect for the stream, Thrift for SQL, and the catalogue that both use."""

"""The doors to Spark: Connect for the stream, Thrift for SQL, and the catalogue behind both."""

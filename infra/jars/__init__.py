"""The Java archives that Spark and Kafka need beyond pyspark: the pinned lists, and the code that fetches them."""

"""The Java archives that Spark and Kafka need beyond pyspark: pinned lists and how they are fetched."""

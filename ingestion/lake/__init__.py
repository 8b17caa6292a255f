"""Reading the lake without Spark: Delta tables, the ledger of closed slices, and who owns the folder."""

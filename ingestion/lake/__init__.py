"""Reading the lake without Spark: Delta tables, the ledger of closed slices, who owns the folder."""

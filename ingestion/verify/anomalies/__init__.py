"""The anomaly detector, once more: plain Python beside the SQL of Gold."""

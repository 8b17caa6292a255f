"""The cases on simulated data, which need no stack: how good forecasts and anomaly detection are."""

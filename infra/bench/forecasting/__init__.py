"""Forecasts on simulated sales: the data, the candidates, and how good they were from one origin after another."""

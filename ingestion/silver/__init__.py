"""Running dbt: one slice after the other, and the upkeep of the tables."""

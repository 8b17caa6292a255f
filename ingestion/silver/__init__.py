"""Running dbt, one slice after another, and the upkeep of the tables."""

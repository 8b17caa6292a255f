"""The parts of the pages that show the marts."""

"""Lists of people and units: read with their lines, and judged against what there is."""

"""Pure rules of the assessment engine: definitions, marking, layout, attempts, grades, review, statistics."""

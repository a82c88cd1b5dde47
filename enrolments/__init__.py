"""A person's relation with a course over time: enrolment, results, progress, completion."""

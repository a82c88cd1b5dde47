"""Questions: the banks of a course, thirteen kinds of questions, their content and their published versions."""

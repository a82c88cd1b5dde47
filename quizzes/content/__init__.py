"""Banks of questions and quizzes as files of a course folder."""

"""Rules of questions, without web or database: definitions, answers and marks."""

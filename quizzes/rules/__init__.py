"""Pure rules of quizzes: settings, layout, draws, states of attempts, grades and regrades."""

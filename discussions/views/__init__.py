"""Pages of boards and threads, the form of a post, moderation, and what somebody follows."""

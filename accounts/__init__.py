"""Who people are, how they prove it, and the site roles they hold."""

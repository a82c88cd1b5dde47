"""View models of the pages for course teams."""

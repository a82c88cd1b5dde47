"""The roof: the assembled application, its own pages, the command line and the server."""

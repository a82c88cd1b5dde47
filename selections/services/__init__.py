"""Changes of selections, in a transaction that the request or the job owns."""

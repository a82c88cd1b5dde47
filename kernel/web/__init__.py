"""The plumbing of requests: transaction, actor, access, errors, headers, forms, limits, paging."""

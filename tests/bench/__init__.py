"""`make bench`: the product beside bare programs that do the least that its work takes, on the same machine in the same run."""

"""Rules of organisations, without web or database: units, and the rules of audiences."""

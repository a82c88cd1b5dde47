"""Pure rules of credentials: no clock, no database (spec/certificates)."""

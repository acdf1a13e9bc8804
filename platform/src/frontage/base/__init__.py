"""What every floor stands on: settings, database, ids, clock, errors, logs. Knows no tenant."""

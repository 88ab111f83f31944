-- Looked at several times a second: without those that were given up, which stay.
create index parked_due on platform.parked (due_at) where not dead;

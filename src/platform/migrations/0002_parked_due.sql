-- Looked at several times a second, a reaction at a time: without those that were given up, which stay.
create index parked_due on platform.parked (consumer, due_at) where not dead;

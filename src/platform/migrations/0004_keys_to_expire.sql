-- Keys past their end are looked for and deleted. Those of orders, which have none, are not in it.
create index keys_to_expire on platform.keys (expires_at) where expires_at is not null;

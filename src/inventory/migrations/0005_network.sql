-- A place's special days, what it can do in a day, and where it does not send to.
alter table inventory.warehouses
  add column holidays          json,
  add column closed_days       json not null default '[]',
  add column open_days         json not null default '[]',
  add column units_per_day     int check (units_per_day > 0),
  add column blocked_countries json not null default '[]';

-- Every network that orders were decided over, whole, under the digest of its content: nothing here is ever changed.
create table inventory.networks (
  version text primary key,
  body    json not null,
  seen_at timestamptz not null default now()
);

create schema carts;

-- One row a cart, overwritten as it changes: carts are many, short-lived, and nobody's history.
-- `id` is made from the owner (src/carts/service-owner.ts), so it needs no second unique index.
create table carts.carts (
  id         uuid        primary key,
  owner      text        not null,
  items      json        not null,
  currency   text,
  last_order uuid,
  version    int         not null,
  expires_at timestamptz not null,
  updated_at timestamptz not null
) with (fillfactor = 70);
-- Expiry is kept to the day: a cart that changes often writes this index once a day, not each time.
create index carts_to_expire on carts.carts (expires_at);

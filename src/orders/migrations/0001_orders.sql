create schema orders;

create sequence orders.number start 1001;

-- The narrow head and the progress; what was ordered is the first event in the journal and is never written again.
create table orders.orders (
  id           uuid        primary key,
  number       bigint      not null,
  version      int         not null,
  status       text        not null,
  phase        text        not null,
  currency     text        not null,
  total        bigint      not null,
  user_id      text,
  external_ref text,
  expires_at   timestamptz,
  placed_at    timestamptz not null,
  updated_at   timestamptz not null,
  progress     json        not null
) with (fillfactor = 85);
create index orders_to_expire on orders.orders (expires_at) where expires_at is not null;

-- What people look orders up by: filled by a reaction, so that placing an order writes no index it does not need. Each index
-- ends in the order in which lists are shown, so that a page is read from where it begins. E-mail and name are kept in
-- lower case and in the order of their bytes, so that whatever begins alike stands together.
create table orders.listing (
  id           uuid        primary key,
  number       bigint      not null,
  status       text        not null,
  user_id      text,
  email        text        collate "C",
  name         text        collate "C",
  external_ref text,
  channel      text        not null,
  currency     text        not null,
  total        bigint      not null,
  placed_at    timestamptz not null
);
create unique index listing_by_number on orders.listing (number);
create index listing_by_time on orders.listing (placed_at, id);
create index listing_by_status on orders.listing (status, placed_at, id);
create index listing_by_user on orders.listing (user_id, placed_at, id) where user_id is not null;
create index listing_by_email on orders.listing (email, placed_at, id) where email is not null;
create index listing_by_name on orders.listing (name) where name is not null;
create index listing_by_external_ref on orders.listing (external_ref) where external_ref is not null;

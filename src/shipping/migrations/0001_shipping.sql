create schema shipping;

create table shipping.parcels (
  id            uuid primary key,
  version       int  not null,
  state         json not null,
  order_id      uuid not null,
  fulfilment_id uuid not null,
  carrier       text not null,
  place         text not null,
  status        text not null,
  tracking      text
) with (fillfactor = 70);
create index parcels_by_order on shipping.parcels (order_id);
create index parcels_by_fulfilment on shipping.parcels (fulfilment_id);
create index parcels_by_tracking on shipping.parcels (tracking);
-- A carrier's list and its manifest; what has ended is read by order or tracking number.
create index parcels_open on shipping.parcels (carrier, status, id)
  where status not in ('delivered', 'returned_to_sender', 'cancelled');

-- Carriers' news as they came, each id once: saved by the batch that acts on it.
create table shipping.inbox (
  carrier     text        not null,
  id          text        not null,
  received_at timestamptz not null,
  tracking    text        not null,
  body        json        not null,
  primary key (carrier, id)
);

-- Secrets made at first start where the environment brings none.
create table shipping.secrets (
  name   text primary key,
  secret text not null
);

-- What the simulated carrier knows. No names, no addresses.
create table shipping.simulated_shipments (
  tracking     text primary key,
  parcel       uuid not null unique,
  order_number bigint not null,
  place        text not null,
  service      text not null,
  weight_grams int  not null,
  country      text not null,
  postal_code  text not null,
  cancelled    boolean not null default false
);

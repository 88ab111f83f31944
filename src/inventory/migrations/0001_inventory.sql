create schema inventory;

-- Units by product and place: the ledger's sum. The checks make a negative impossible whatever the code above does (I3).
create table inventory.levels (
  sku        text not null,
  place      text not null,
  on_hand    int  not null default 0 check (on_hand >= 0),
  reserved   int  not null default 0 check (reserved >= 0),
  in_transit int  not null default 0 check (in_transit >= 0),
  safety     int  not null default 0 check (safety >= 0),
  damaged    int  not null default 0 check (damaged >= 0),
  primary key (sku, place),
  constraint never_oversold check (on_hand >= reserved)
) with (fillfactor = 50);

-- Append-only movements with their cause; `order_id` where an order caused them.
create table inventory.ledger (
  id         bigint generated always as identity,
  at         timestamptz not null,
  sku        text not null,
  place      text not null,
  on_hand    int  not null,
  reserved   int  not null,
  in_transit int  not null,
  damaged    int  not null,
  kind       text not null,
  order_id   uuid,
  reference  text
);
create index ledger_by_time on inventory.ledger using brin (at);

-- What each order holds: [line, sku, place, quantity, state, to?] with state r (reserved at place), t (in transit to
-- place), w (waiting for supply at place). One row an order, read whole (HEART §2d).
create table inventory.holdings (
  order_id uuid primary key,
  body     json not null
);

-- The queue of waiting lines: by priority, then by time.
create table inventory.waiting (
  sku      text not null,
  order_id uuid not null,
  line     int  not null,
  place    text not null,
  quantity int  not null check (quantity > 0),
  kind     text not null,
  priority int  not null default 0,
  at       timestamptz not null,
  expected date,
  primary key (sku, order_id, line, place)
);

-- Units that are on their way in, with the day on which they are expected.
create table inventory.supply (
  id        uuid primary key,
  sku       text not null,
  place     text not null,
  day       date not null,
  quantity  int  not null check (quantity > 0),
  received  int  not null default 0 check (received >= 0),
  kind      text not null,
  reference text,
  closed    bool not null default false
);
create index supply_by_sku on inventory.supply (sku) where not closed;
create unique index supply_by_reference on inventory.supply (reference, sku, place) where reference is not null;

-- Locations: what sourcing must know of a place that ships. Extra settings have defaults in sourcing/network.ts.
create table inventory.warehouses (
  id            text primary key,
  name          text not null,
  country       text not null,
  postal_code   text not null,
  latitude      float8 not null,
  longitude     float8 not null,
  time_zone     text not null,
  cut_off       text not null,
  workdays      json not null,
  handling_days int  not null,
  pick_cents    int  not null,
  per_unit_cents int not null,
  hub           bool not null,
  archived      bool not null default false
);
create table inventory.network (
  id      int  primary key default 1 check (id = 1),
  version int  not null default 1,
  body    json not null default '{}'
);
insert into inventory.network default values;

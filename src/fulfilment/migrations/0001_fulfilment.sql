create schema fulfilment;

-- The work one warehouse does for one order: state whole, and beside it only what lists look for.
create table fulfilment.fulfilment_orders (
  id       uuid primary key,
  version  int  not null,
  state    json not null,
  order_id uuid not null,
  place    text not null,
  status   text not null
) with (fillfactor = 70);
create index fulfilment_orders_by_order on fulfilment.fulfilment_orders (order_id);
-- A warehouse reads its lists by status, newest first; work that is over is read by order only.
create index fulfilment_orders_open on fulfilment.fulfilment_orders (place, status, id)
  where status not in ('delivered', 'cancelled', 'short');

create table fulfilment.transfers (
  id         uuid primary key,
  version    int  not null,
  state      json not null,
  order_id   uuid,
  from_place text not null,
  to_place   text not null,
  status     text not null
) with (fillfactor = 70);
create index transfers_by_order on fulfilment.transfers (order_id);
create index transfers_open on fulfilment.transfers (status, id) where status in ('requested', 'sent');

-- Supply that arrived before the work that waits for it was planned. Only the reaction that follows orders writes here.
create table fulfilment.early_supply (
  id      uuid primary key,
  version int  not null,
  state   json not null
);
-- Units that orders cancelled in its own batch: their fact in the journal, read later, must not take them again.
create table fulfilment.cancelled_inline (
  id      uuid primary key,
  version int  not null,
  state   json not null
);

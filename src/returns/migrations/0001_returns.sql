create schema returns;

-- One stream and one state row a return.
create table returns.returns (
  id       uuid primary key,
  version  int  not null,
  state    json not null,
  order_id uuid not null,
  status   text not null
) with (fillfactor = 70);
create index returns_by_order on returns.returns (order_id);
-- What a warehouse still expects, newest first; what is over is read by its order.
create index returns_open on returns.returns (status, id) where status in ('expected', 'received');

create schema if not exists payments;

-- One stream and one state row a payment; found by its order, or by the provider's reference.
create table payments.payments (
  id        uuid primary key,
  version   int  not null,
  state     json not null,
  order_id  uuid not null,
  reference text,
  -- Its last refund or capture was declined, or an answer is missing. A column: reading it out of the state for an index
  -- at each save cost as much as the save.
  trouble   bool not null
) with (fillfactor = 70);
create index payments_by_order on payments.payments (order_id);
create index payments_by_reference on payments.payments (reference) where reference is not null;

-- What moved, append-only; its sums must equal the states (`waybill verify`). The unique key keeps a movement from
-- counting twice, whatever the rules above it do.
create table payments.money_log (
  position  bigint      generated always as identity primary key,
  payment   uuid        not null,
  order_id  uuid        not null,
  kind      text        not null check (kind in ('authorize', 'capture', 'void', 'refund')),
  amount    bigint      not null check (amount > 0),
  currency  text        not null,
  at        timestamptz not null,
  reference text        not null,
  unique (payment, kind, reference)
);
create index money_log_by_order on payments.money_log (order_id);

-- Webhooks that were handled: stored with their effect, so that a repeated one has none.
create table payments.inbox (
  provider text        not null,
  id       text        not null,
  at       timestamptz not null,
  primary key (provider, id)
);

-- The simulated provider's own books: another company's, so nothing above refers to them.
create table payments.simulated_sessions (
  reference text primary key,
  payment   uuid not null unique,
  version   int  not null,
  session   json not null
) with (fillfactor = 70);
create table payments.simulated_secret (
  only_one boolean primary key default true check (only_one),
  secret   text    not null
);

-- The stuck list reads payments in trouble only: a handful among millions.
create index payments_in_trouble on payments.payments (id) where trouble;

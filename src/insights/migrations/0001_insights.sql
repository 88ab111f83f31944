create schema insights;

-- What must be remembered of an order to know what its next event adds to the figures. A read model: rebuilt from the journal.
create table insights.orders (
  id            uuid        primary key,
  currency      text        not null,
  placed_at     timestamptz not null,
  imported      bool        not null,
  prepaid       bool        not null,
  paid_at       timestamptz,
  ready_at      timestamptz,
  in_transit_at timestamptz,
  completed_at  timestamptz,
  promised      date,
  units         int8        not null,
  value         int8        not null,
  backordered   bool        not null,
  closed        text,
  parcels       json        not null
) with (fillfactor = 80);

-- Sums by currency and the 15 minutes (UTC) in which the order was placed; money in minor units.
create table insights.figures (
  currency        text        not null,
  at              timestamptz not null,
  orders          int8        not null,
  lines           int8        not null,
  items           int8        not null,
  units           int8        not null,
  value           int8        not null,
  discount        int8        not null,
  shipping        int8        not null,
  cancelled       int8        not null,
  expired         int8        not null,
  cancelled_value int8        not null,
  cancelled_units int8        not null,
  completed       int8        not null,
  delivered_units int8        not null,
  returned_units  int8        not null,
  refunded        int8        not null,
  shipped         int8        not null,
  parcels         int8        not null,
  split           int8        not null,
  backordered     int8        not null,
  on_time         int8        not null,
  late            int8        not null,
  primary key (currency, at)
) with (fillfactor = 50);

-- Histograms of how long a stage took, by the time it ended. Three grains, so that a year is read as months and its edges
-- as days and quarters of an hour: at a million orders the quarters alone would be millions of rows.
create table insights.durations (
  currency text        not null,
  grain    text        not null,
  at       timestamptz not null,
  stage    text        not null,
  bin      int4        not null,
  count    int8        not null,
  primary key (currency, grain, at, stage, bin)
) with (fillfactor = 80);

-- What each promotion code did, by the time the order was placed; grains as above.
create table insights.promotions (
  currency    text        not null,
  grain       text        not null,
  at          timestamptz not null,
  code        text        not null,
  uses        int8        not null,
  discount    int8        not null,
  order_value int8        not null,
  primary key (currency, grain, at, code)
) with (fillfactor = 80);

-- How often stock ran low or out, by the time it did.
create table insights.stock (
  at  timestamptz primary key,
  low int8        not null,
  sold_out int8   not null
);

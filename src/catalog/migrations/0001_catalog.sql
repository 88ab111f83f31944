create schema catalog;

-- What is sold. `prices` are the further prices, [{currency, channel?, unitPrice}]: they are read and written with their
-- product only, and its version guards them too.
create table catalog.products (
  sku           text collate "C" primary key check (sku ~ '^[A-Za-z0-9 ._:-]{1,64}$'),
  name          text        not null,
  description   text        not null default '',
  unit_price    bigint      not null check (unit_price >= 0),
  currency      text        not null check (currency ~ '^[A-Z]{3}$'),
  grams         int         not null check (grams >= 0),
  when_sold_out text        not null default 'deny' check (when_sold_out in ('deny', 'backorder', 'preorder')),
  low_stock     int         not null default 5 check (low_stock >= 0),
  components    json        not null default '[]',
  prices        json        not null default '[]',
  archived      bool        not null default false,
  version       int         not null default 1,
  changed_at    timestamptz not null
);
-- Every process reads what changed since it last looked.
create index products_by_change on catalog.products (changed_at);

-- `value`: basis points of a percentage, minor units of an amount.
create table catalog.promotions (
  code             text collate "C" primary key check (code ~ '^[A-Z0-9._:-]{1,64}$'),
  kind             text        not null check (kind in ('percent', 'amount')),
  value            bigint      not null check (value > 0 and (kind = 'amount' or value <= 10000)),
  currency         text        check (currency ~ '^[A-Z]{3}$'),
  starts_at        timestamptz,
  ends_at          timestamptz,
  minimum_subtotal bigint      not null default 0 check (minimum_subtotal >= 0),
  active           bool        not null default true,
  version          int         not null default 1,
  changed_at       timestamptz not null,
  constraint money_has_a_currency check (currency is not null or (kind = 'percent' and minimum_subtotal = 0))
);
create index promotions_by_change on catalog.promotions (changed_at);

-- A handful of rows, read whole.
create table catalog.shipping_methods (
  code     text collate "C" primary key,
  name     text   not null,
  price    bigint not null check (price >= 0),
  currency text   not null check (currency ~ '^[A-Z]{3}$')
);
insert into catalog.shipping_methods (code, name, price, currency) values ('standard', 'Standard delivery', 0, 'GBP');

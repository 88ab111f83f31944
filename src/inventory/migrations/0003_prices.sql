-- What a unit of a scarce product is worth to the orders still to come, by place; what is not here is not scarce. With what
-- it was reckoned from, so that a decision can say it in words.
create table inventory.prices (
  sku      text not null,
  place    text not null,
  cents    int  not null check (cents > 0),
  version  int  not null,
  stock    int  not null,
  forecast int  not null,
  orders   int  not null,
  until    date not null,
  primary key (sku, place)
);

-- The list as a whole: its version, and which process is reckoning the next one.
create table inventory.price_list (
  id           int  primary key default 1 check (id = 1),
  version      int  not null default 0,
  refreshed_at timestamptz,
  lease_until  timestamptz,
  holder       text
);
insert into inventory.price_list default values;

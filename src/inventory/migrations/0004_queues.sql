-- What a waiting line was promised, and of its units those that no supply is announced for. `promised` never moves; `expected`
-- follows its supply. `ships_from`: where the units go when they come in, if that is another place.
alter table inventory.waiting add promised date, add lost int not null default 0 check (lost >= 0), add ships_from text;
update inventory.waiting set promised = expected;

-- `sellable`: of units announced, so many may be promised before they come. `forecast`: nobody has confirmed the day. `came`: when
-- the last of them came in, from which it is measured how late supply of this place usually is.
alter table inventory.supply add damaged int not null default 0 check (damaged >= 0), add sellable int check (sellable >= 0),
  add forecast bool not null default false, add came date;
create index supply_by_came on inventory.supply (place, came) where came is not null;

-- How many days after its planned day each parcel was delivered, by the month (of the shop's zone) of its delivery. A few
-- rows a lane and month: promises are calibrated on them. `on_time`: those that came by the day promised for their order.
create table insights.lateness (
  month      date not null,
  place      text not null,
  service    text not null,
  country    text not null,
  days       int4 not null,
  deliveries int8 not null,
  on_time    int8 not null,
  primary key (month, place, service, country, days)
) with (fillfactor = 80);

-- One stream and one state row a policy's name: all its versions, with what became of each.
create table inventory.policies (
  id      uuid primary key,
  version int  not null,
  state   json not null,
  name    text not null unique
) with (fillfactor = 70);

-- What shadow policies would have done beside the live ones: sums a version and day, flushed in batches.
create table inventory.shadow_results (
  policy              text   not null,
  day                 date   not null,
  orders              bigint not null,
  skipped             bigint not null,
  differently         bigint not null,
  unfilled_difference bigint not null,
  cost_difference     bigint not null,
  parcels_difference  bigint not null,
  transfers_difference bigint not null,
  primary key (policy, day)
);

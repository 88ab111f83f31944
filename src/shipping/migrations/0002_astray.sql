-- Parcels that were cancelled and that their carrier has all the same, until somebody has seen to it.
alter table shipping.parcels add column astray boolean not null default false;
create index parcels_astray on shipping.parcels (id) where astray;

-- The speed a buyer may ask for beside `standard`; sourcing's policy `fastest` is for it.
insert into catalog.shipping_methods (code, name, price, currency) values ('express', 'Express delivery', 495, 'GBP') on conflict do nothing;

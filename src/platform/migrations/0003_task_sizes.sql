-- Tasks in a row, which claims add up: counting a bundle's items each time meant parsing it.
alter table platform.tasks add column size int not null default 1;

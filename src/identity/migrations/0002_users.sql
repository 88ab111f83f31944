-- Customers' accounts. Who they are stands in platform.people; here is only that they are. An erased account keeps its
-- row without the name it was called by, so that the same name may be taken again.
create table identity.users (
  id         uuid        primary key,
  user_id    text        collate "C" unique check (user_id ~ '^[A-Za-z0-9 ._:-]{1,64}$'),
  person     uuid,
  version    int         not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  constraint erased_or_named check ((deleted_at is null) = (user_id is not null))
);

-- Every row of personal data an account ever had, so that erasing it finds them all.
create table identity.user_people (
  account uuid not null,
  person  uuid not null,
  primary key (account, person)
);

create schema identity;

-- API keys, by the hash of the key: the key itself is shown once and kept nowhere.
create table identity.keys (
  id         uuid        primary key,
  hash       text        not null unique,
  role       text        not null,
  label      text        not null,
  user_id    text,
  place      text,
  carrier    text,
  scopes     text[]      not null default '{}',
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

-- What this shop's processes share: the secret of signed cursors, whether the demo was laid in.
create table identity.settings (
  name  text primary key,
  value text not null
);

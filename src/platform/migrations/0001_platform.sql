create schema if not exists platform;

-- History, audit trail and outbox of every room in this database (DESIGN §4). `xid` comes first on purpose: a row's
-- transaction id is taken before its position, which the reader's horizon relies on (docs/decisions/0003-journal-horizon.md).
create sequence platform.journal_position;
create table platform.journal (
  xid       xid8        not null default pg_current_xact_id(),
  position  bigint      not null default nextval('platform.journal_position'),
  stream    uuid        not null,
  version   int         not null,
  at        timestamptz not null,
  type      text        not null,
  v         int         not null default 1,
  actor     text        not null,
  cause     text,
  body      json        not null,
  primary key (stream, version)
);
create unique index journal_by_position on platform.journal (position);

-- How far each reaction has come; the row's lock is its ownership among processes.
create table platform.consumers (
  name     text   primary key,
  position bigint not null default 0
);

-- Events a reaction could not handle yet, or gave up on; later ones of the same key wait behind them.
create table platform.parked (
  consumer text        not null,
  position bigint      not null,
  key      text        not null,
  reason   text        not null,
  attempts int         not null default 1,
  due_at   timestamptz not null,
  dead     boolean     not null default false,
  primary key (consumer, position)
);

-- Consequences outside the database and timers: written by the save that decided them, done afterwards. A row whose kind
-- ends in `.bundle` holds several tasks of that kind that were due together; those that fail become rows of their own.
create table platform.tasks (
  id          uuid        primary key,
  kind        text        not null,
  key         text        not null,
  due_at      timestamptz not null,
  attempt     int         not null default 0,
  lease_until timestamptz,
  dead        boolean     not null default false,
  last_error  text,
  body        json        not null,
  created_at  timestamptz not null default now()
) with (fillfactor = 70);
-- By kind: workers claim each kind by itself, so that one that has piled up keeps no other waiting.
create index tasks_due on platform.tasks (kind, due_at) where not dead;

-- Idempotency keys with the object they made: for ever for orders, 72 hours for the rest (`expires_at`).
create table platform.keys (
  scope      text not null,
  key        text not null,
  hash       text not null,
  object     uuid not null,
  expires_at timestamptz,
  primary key (scope, key)
);

-- Personal data, apart from every fact: facts carry `ref` only, and erasing deletes rows here.
create table platform.people (
  ref  uuid primary key,
  body json not null
);

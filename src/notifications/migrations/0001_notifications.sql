create schema notifications;

-- What a message says about its order, gathered from the order's events. No personal data: `contact` points to it.
create table notifications.orders (
  id       uuid   primary key,
  number   int8   not null,
  user_id  text,
  contact  uuid,
  currency text   not null,
  -- Imported history: nobody is told anything.
  muted    bool   not null,
  prepaid  bool   not null,
  promised date,
  totals   json   not null,
  lines    json   not null
) with (fillfactor = 85);

-- One row a message. Its text is made when it is sent, from the order's facts and the person's row.
create table notifications.notifications (
  id         uuid        primary key,
  order_id   uuid        not null,
  user_id    text,
  kind       text        not null,
  channel    text        not null check (channel in ('email', 'sms')),
  -- What it is about: the parcel (and its attempt), else the position of the event. Told once, however often it happens.
  subject    text        not null,
  status     text        not null default 'PENDING' check (status in ('PENDING', 'SENT', 'FAILED')),
  attempts   int         not null default 0,
  last_error text,
  person     uuid        not null,
  facts      json        not null,
  created_at timestamptz not null,
  sent_at    timestamptz,
  constraint told_once unique (order_id, kind, channel, subject)
) with (fillfactor = 85);
create index notifications_by_user on notifications.notifications (user_id, id) where user_id is not null;
create index notifications_failed on notifications.notifications (id) where status = 'FAILED';
create index notifications_pending on notifications.notifications (id) where status = 'PENDING';

-- A channel a user does not want to be written to on.
create table notifications.muted_channels (
  user_id text not null,
  channel text not null,
  primary key (user_id, channel)
);

-- Where no mail server is configured, mails are kept here as they would have been sent. Holds personal data.
create table notifications.outbox (
  id        uuid        primary key,
  at        timestamptz not null default now(),
  person    uuid        not null,
  recipient text        not null,
  subject   text        not null,
  text      text        not null,
  html      text        not null
) with (toast_tuple_target = 8160); -- A mail of two kilobytes is kept as it is: making it smaller cost a third of its row.
create index outbox_by_person on notifications.outbox (person);

-- The simulated SMS provider's own book: what it was given, and what became of it. Holds personal data.
create table notifications.sms (
  id        uuid        primary key,
  at        timestamptz not null default now(),
  person    uuid        not null,
  recipient text        not null,
  text      text        not null,
  status    text        not null check (status in ('busy', 'queued', 'delivered', 'undelivered'))
);
create index sms_by_person on notifications.sms (person);

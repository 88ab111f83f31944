-- What-if questions and their answers. `lease_until` is the running one's: who works on it says so every few seconds, and
-- what nobody works on any more is begun again.
create table insights.simulations (
  id          uuid        primary key,
  status      text        not null check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
  question    json        not null,
  asked_by    text        not null,
  asked_at    timestamptz not null,
  started_at  timestamptz,
  ended_at    timestamptz,
  attempt     int         not null default 0,
  holder      text,
  lease_until timestamptz,
  done        int         not null default 0,
  total       int,
  result      json,
  error       text
) with (fillfactor = 70);
create index simulations_open on insights.simulations (status, asked_at) where status in ('queued', 'running');
-- One at a time, whoever works on it.
create unique index simulations_running on insights.simulations ((true)) where status = 'running';

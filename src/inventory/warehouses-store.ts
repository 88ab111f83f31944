export const warehousesSql = {
  all: `select id, name, country, postal_code as "postalCode", latitude, longitude, time_zone as "timeZone", cut_off as "cutOff", workdays,
      handling_days as "handlingDays", pick_cents as "pickCents", per_unit_cents as "perUnitCents", hub
    from inventory.warehouses where not archived order by id`,
  tariffs: 'select body from inventory.network where id = 1',
  saveTariffs: 'update inventory.network set version = version + 1, body = $1::json where id = 1',
  save: `insert into inventory.warehouses (id, name, country, postal_code, latitude, longitude, time_zone, cut_off, workdays, handling_days, pick_cents, per_unit_cents, hub)
    select id, name, country, "postalCode", latitude, longitude, "timeZone", "cutOff", workdays, "handlingDays", "pickCents", "perUnitCents", hub
      from json_to_recordset($1::json) as w (id text, name text, country text, "postalCode" text, latitude float8, longitude float8, "timeZone" text, "cutOff" text,
        workdays json, "handlingDays" int, "pickCents" int, "perUnitCents" int, hub bool)
    on conflict (id) do update set name = excluded.name, country = excluded.country, postal_code = excluded.postal_code, latitude = excluded.latitude,
      longitude = excluded.longitude, time_zone = excluded.time_zone, cut_off = excluded.cut_off, workdays = excluded.workdays, handling_days = excluded.handling_days,
      pick_cents = excluded.pick_cents, per_unit_cents = excluded.per_unit_cents, hub = excluded.hub, archived = false`,
} as const

/** The words for identity that every room speaks. Brands are compile-time only: a value is its plain string or number. */
declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** An instant in UTC, ISO 8601 with milliseconds, always ending in `Z`. */
export type Instant = Branded<string, 'Instant'>
/** A calendar day without a zone, `YYYY-MM-DD`. */
export type Day = Branded<string, 'Day'>
/** A stream of events: the UUIDv7 of an order, a payment, a transfer … */
export type StreamId = Branded<string, 'StreamId'>

export type OrderId = StreamId
/** What is sold and counted: the caller's own product id. */
export type Sku = Branded<string, 'Sku'>
/** A warehouse's short code. */
export type Place = Branded<string, 'Place'>
/** Points to the row of personal data that a fact is about; the fact itself carries none. */
export type PersonRef = Branded<string, 'PersonRef'>

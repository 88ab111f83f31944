/**
 * Loaded before Waybill by `--import`: its wall clock goes wrong by `WAYBILL_TEST_SKEW_MS`, and after `WAYBILL_TEST_TURN_MS` by
 * as much the other way, while timers and the database's clock stay right. Rather than libfaketime: the program reads its clock
 * through `Date` and nothing else, and this needs no package and works wherever Node does. What came out is the same.
 */
const Right = Date
const skewMs = Number(process.env['WAYBILL_TEST_SKEW_MS'] ?? 0)
const turnMs = Number(process.env['WAYBILL_TEST_TURN_MS'] ?? Infinity)
const wrong = (): number => Right.now() + (performance.now() < turnMs ? skewMs : -skewMs)

class Skewed extends Right {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(wrong())
    else super(...(given as [number]))
  }
  static override now(): number {
    return wrong()
  }
}
globalThis.Date = Skewed as DateConstructor

/** Mutants of stock: what is taken, given back, handed on and remembered. */
import { byProperty, byTest, type Mutant } from './mutant.ts'

export const stockMutants: readonly Mutant[] = [
  {
    name: 'units released twice',
    invariant: 'I4',
    file: 'src/inventory/stock.ts',
    find: 'this.#hold(order, left)\n        for (const entry of taken) this.#giveBack(order, entry, kind)',
    replace: 'for (const entry of taken) this.#giveBack(order, entry, kind)',
    catchedBy: byProperty('stock', 'what orders hold is what is reserved'),
    beforehand: true,
  },
  {
    name: 'safety stock sold',
    invariant: 'I3',
    file: 'src/inventory/levels.ts',
    find: 'Math.max(0, row.onHand - row.reserved - row.safety)',
    replace: 'Math.max(0, row.onHand - row.reserved)',
    catchedBy: byProperty('stock', 'a plan takes no more than is free'),
    beforehand: true,
  },
  {
    name: 'a promise overtaken in the queue',
    invariant: 'I3',
    file: 'src/inventory/atp.ts',
    find: 'for (const plan of plans) if (plan.onCourse) board.secure(plan, plan.known, plan.promised)',
    replace: 'for (const plan of plans) board.forward(plan, never)',
    catchedBy: byProperty('stock', 'a promise that is on course is kept'),
    beforehand: true,
  },
  {
    name: 'shipped units left on the shelf',
    invariant: 'I4',
    file: 'src/inventory/stock.ts',
    find: "{ onHand: -quantity, reserved: -held }, 'shipped', order)",
    replace: "{ reserved: -held }, 'shipped', order)",
    catchedBy: byProperty('stock', 'units are conserved'),
  },
  {
    name: 'units of a transfer in two places at once',
    invariant: 'I4',
    file: 'src/inventory/stock.ts',
    find: "this.levels.move(sku, from, { onHand: -quantity, reserved: -held }, 'transfer_sent', order, transfer)",
    replace: "this.levels.move(sku, from, { reserved: -held }, 'transfer_sent', order, transfer)",
    catchedBy: byProperty('stock', 'units are conserved'),
  },
  {
    name: 'a plan takes more than a place has',
    invariant: 'I3',
    file: 'src/sourcing/problem.ts',
    find: 'const here = stock[w]! >= need',
    replace: 'const here = stock[w]! >= need - 1',
    catchedBy: byProperty('sourcing', 'a plan serves every unit'),
  },
  {
    name: 'stock read, then written without asking again',
    invariant: 'I3',
    file: 'src/inventory/store.ts',
    find: 'and (not t.claimed or l.on_hand + t.on_hand - l.reserved - l.safety - t.safety >= t.reserved)',
    replace: '',
    catchedBy: byTest('tests/contracts/heart-stores.test.ts', 'takes units only where they are free at that moment'),
    beforehand: true,
  },
  {
    name: 'an order that lost the race is not decided again',
    invariant: 'I3',
    file: 'src/orders/placement-service.ts',
    find: 'if (isRefusal(one) || waits(one.change)) return giveUp()',
    replace:
      'if (isRefusal(one)) { outcomes[made.length] = one as Refusal<PlaceReason>; continue }\n        if (waits(one.change)) return giveUp()',
    catchedBy: byTest(
      'tests/contracts/heart-flow.test.ts',
      'answers a repeated key with the same order|keeps nothing of a refusal|sells baskets whole',
    ),
  },
  {
    name: 'remembered levels changed under a batch that plans on them',
    invariant: 'I3',
    file: 'src/inventory/memory.ts',
    find: 'rows[index] = {\n        ...row,\n        onHand: row.onHand + delta.onHand,',
    replace:
      'Object.assign(row, { onHand: row.onHand + delta.onHand })\n      rows[index] = {\n        ...row,\n        onHand: row.onHand,',
    catchedBy: byProperty('stock', 'what one batch remembers is not changed'),
    beforehand: true,
  },
]

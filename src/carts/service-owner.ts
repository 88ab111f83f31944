/** Who a cart belongs to, and the id that follows from it. A door, for a token is made by chance. */
import { hash, randomBytes } from 'node:crypto'
import type { CartOwner } from './contract.ts'

/** 192 bits: a guest's cart cannot be guessed. */
const tokenBytes = 24
export const newGuestToken = (): string => randomBytes(tokenBytes).toString('base64url')

export const userOwner = (userId: string): CartOwner => `user:${userId}` as CartOwner
/** Only the token's hash is kept: who reads the table cannot take over a cart. */
export const guestOwner = (token: string): CartOwner => `guest:${hash('sha256', token, 'base64url')}` as CartOwner

/**
 * An owner's cart has one id for ever, known without asking the database: a UUID of version 8 from the owner's hash.
 * So reading the cart of someone who never used it writes nothing, and a swept cart comes back under its old id.
 */
export const cartIdOf = (owner: CartOwner | string): string => {
  const hex = hash('sha256', `cart\n${owner}`, 'hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

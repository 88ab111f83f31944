/** Who a person's row says is to be told, and where. Read with care: the row is what a caller once sent. Pure. */
import type { Person } from '../platform/records/records.ts'
import { oneLine } from './text.ts'

export type PostalAddress = Readonly<{
  lines: readonly string[]
  city: string
  region: string
  postalCode: string
  country: string
}>
export type Recipient = Readonly<{
  name?: string | undefined
  email?: string | undefined
  phone?: string | undefined
  address?: PostalAddress | undefined
}>

/** One plain address: no list, no comment, no quoted local part, nothing that ends a line. */
const emailPattern = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/
/** The longest address that SMTP carries (RFC 5321). */
const emailLengthMax = 254
/** E.164 has at most 15 digits. */
const phonePattern = /^\+?\d{6,15}$/

export const recipientOf = (person: Person): Recipient => {
  const address = partOf(person['shippingAddress']) ?? partOf(person['destination']) ?? partOf(person['address'])
  const email = textOf(person['email'])?.trim()
  const phone = (
    textOf(person['phone']) ??
    textOf(person['phoneNumber']) ??
    textOf(address?.['phone']) ??
    textOf(address?.['phoneNumber'])
  )?.replaceAll(/[\s().-]/g, '')
  const name = textOf(person['name']) ?? textOf(address?.['name'])
  return {
    name: name === undefined || name.trim() === '' ? undefined : oneLine(name),
    email:
      email !== undefined && email.length <= emailLengthMax && emailPattern.test(email) && oneLine(email) === email
        ? email
        : undefined,
    phone: phone !== undefined && phonePattern.test(phone) ? phone : undefined,
    address: addressOf(person, address),
  }
}

const addressOf = (person: Person, address: Readonly<Record<string, unknown>> | undefined): PostalAddress | undefined => {
  const street = textOf(address?.['address']) ?? textOf(person['address'])
  const asked = address?.['lines']
  const lines = Array.isArray(asked) ? asked.flatMap((line) => textOf(line) ?? []) : street === undefined ? [] : [street]
  if (lines.length === 0) return undefined
  const part = (name: string): string => oneLine(textOf(address?.[name]) ?? textOf(person[name]) ?? '')
  return {
    lines: lines.map(oneLine),
    city: part('city'),
    region: part('region'),
    postalCode: part('postalCode'),
    country: part('country'),
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const partOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined

/** C6's `country` is a plain string: people write `AU`, `Australia` or `australia`. Pure. */
const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')
const codesByName = new Map(
  letters
    .flatMap((first) => letters.map((second) => `${first}${second}`))
    .flatMap((code) => {
      const name = names.of(code)
      return name === undefined ? [] : [[name.toLowerCase(), code] as const]
    }),
)
const others: ReadonlyMap<string, string> = new Map([
  ['uk', 'GB'],
  ['great britain', 'GB'],
  ['england', 'GB'],
  ['scotland', 'GB'],
  ['wales', 'GB'],
  ['usa', 'US'],
  ['united states of america', 'US'],
])

/** The two letters of ISO 3166 that a country's name or code stands for; undefined where it looks like neither. */
export const countryCode = (country: string): string | undefined => {
  const written = country.trim().toLowerCase()
  const known = others.get(written) ?? codesByName.get(written)
  if (known !== undefined) return known
  return /^[a-z]{2}$/.test(written) ? written.toUpperCase() : undefined
}

/**
 * Where people live, for orders that carry no address (DESIGN §12), and where any address is on the map. Pure: the texts
 * come from the data folder through `addressBookIn` in `files.ts`.
 */
export type Coordinates = Readonly<{ latitude: number; longitude: number }>
/** `postalCode` is a British outward code, and empty abroad: none is known, and many countries have none. */
export type KnownAddress = Coordinates & Readonly<{ country: string; postalCode: string; city: string }>

export type AddressBook = Readonly<{
  /** Country as named in the Online Retail file; `who` is the customer's id, or a guest's invoice number: same who, same address. */
  addressOf: (who: string, countryName: string) => KnownAddress
  /** Undefined where the country is unknown, or a British postcode is none; without a postcode the middle of the country. */
  geocode: (country: string, postalCode?: string) => Coordinates | undefined
}>

/**
 * Names in the file that are no country's own, or not the one the centroids use. The European Community is addressed at
 * Brussels; what is unspecified is taken as British, like nine tenths of the orders: a parcel has to go somewhere.
 */
const countryByName: Readonly<Record<string, string>> = {
  EIRE: 'IE',
  USA: 'US',
  RSA: 'ZA',
  'Hong Kong': 'HK',
  'Channel Islands': 'JE',
  'European Community': 'BE',
  Unspecified: 'GB',
}
const home = 'GB'
/** Countries whose postcodes are British ones. */
const countriesWithOutwardCodes: ReadonlySet<string> = new Set(['GB', 'GG', 'IM', 'JE'])

type Town = Coordinates & Readonly<{ outward: string; city: string; country: string }>
type Centroid = Coordinates & Readonly<{ country: string; name: string }>

export const addressBook = (outwardCodesCsv: string, centroidsCsv: string): AddressBook => {
  const towns = records(outwardCodesCsv, 'outward,latitude,longitude,city,country').map(
    ([outward = '', latitude, longitude, city = '', country = '']): Town => ({
      outward,
      city,
      country,
      ...coordinates(latitude, longitude),
    }),
  )
  const centroids = records(centroidsCsv, 'country,latitude,longitude,name').map(
    ([country = '', latitude, longitude, name = '']): Centroid => ({ country, name, ...coordinates(latitude, longitude) }),
  )
  const townByOutward = new Map(towns.map((town) => [town.outward, town]))
  const middleByArea = middles(towns)
  const centroidByCountry = new Map(centroids.map((centroid) => [centroid.country, centroid]))
  const codeByName = new Map([...centroids.map(({ name, country }) => [name, country] as const), ...Object.entries(countryByName)])
  // Only mainland codes: a customer of the United Kingdom does not live on Jersey, which is a country of its own here.
  const homeTowns = towns.filter(({ country }) => country === home)

  const geocode = (country: string, postalCode = ''): Coordinates | undefined => {
    const code = country.trim().toUpperCase()
    if (!countriesWithOutwardCodes.has(code) || postalCode.trim() === '') return position(centroidByCountry.get(code))
    const outward = outwardCode(postalCode)
    // A code newer than our list lies near the others of its area (the letters it begins with).
    return outward === undefined ? undefined : position(townByOutward.get(outward) ?? middleByArea.get(areaOf(outward)))
  }

  const addressOf = (who: string, countryName: string): KnownAddress => {
    const code = codeByName.get(countryName.trim()) ?? home
    const centroid = centroidByCountry.get(code)
    if (code !== home && centroid !== undefined)
      return { country: code, postalCode: '', city: centroid.name, ...coordinatesOf(centroid) }
    const town = homeTowns[stableHash(who) % homeTowns.length]
    if (town === undefined) throw new Error('the list of outward codes has no British one')
    return { country: home, postalCode: town.outward, city: town.city, ...coordinatesOf(town) }
  }
  return { addressOf, geocode }
}

/**
 * `LS1 4AP`, `ls14ap` and `LS1` are all LS1; undefined where it looks like no British postcode. Written together, `LS14AP`
 * ends in the three characters of the inward code (a digit, two letters), which no outward code does.
 */
export const outwardCode = (postalCode: string): string | undefined => {
  const [first = '', ...inward] = postalCode.trim().toUpperCase().split(/\s+/)
  const form = inward.length > 0 ? /^([A-Z]{1,2}\d[A-Z\d]?)$/ : /^([A-Z]{1,2}\d[A-Z\d]?)(?:\d[A-Z]{2})?$/
  return form.exec(first)?.[1]
}

const areaOf = (outward: string): string => /^[A-Z]+/.exec(outward)?.[0] ?? ''
const coordinatesOf = ({ latitude, longitude }: Coordinates): Coordinates => ({ latitude, longitude })
const position = (found: Coordinates | undefined): Coordinates | undefined =>
  found === undefined ? undefined : coordinatesOf(found)
const coordinates = (latitude: string | undefined, longitude: string | undefined): Coordinates => ({
  latitude: Number(latitude),
  longitude: Number(longitude),
})

const middles = (towns: readonly Town[]): Map<string, Coordinates> => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return new Map(
    [...Map.groupBy(towns, ({ outward }) => areaOf(outward))].map(([area, members]) => [
      area,
      { latitude: mean(members.map(({ latitude }) => latitude)), longitude: mean(members.map(({ longitude }) => longitude)) },
    ]),
  )
}

/** Our own files, written by `scripts/make-samples.mjs` without a quote in them: splitting at commas reads them. */
const records = (csv: string, header: string): string[][] => {
  const [first, ...rest] = csv.trimEnd().split(/\r?\n/)
  if (first !== header) throw new Error(`expected the header ${header}, found ${first?.slice(0, 100)}`)
  return rest.map((line) => line.split(','))
}

/** FNV-1a with a last stir (neighbouring customer numbers must not live in neighbouring towns); the same everywhere, for ever. */
export const stableHash = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

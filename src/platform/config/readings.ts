/** What a variable's text may mean: a value, or what is wrong with it, worded to follow the variable's name. */
export type Reading<Value> = Readonly<{ value: Value }> | Readonly<{ problem: string }>

export const parseWhole = (text: string, least: number, most: number): Reading<number> => {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return { value }
  return { problem: `must be a whole number from ${least} to ${most}, not "${text}"` }
}

/** Never repeats the text: addresses carry passwords. */
export const parseUrl = (text: string, protocols: readonly string[], example: string): Reading<string> => {
  const url = URL.parse(text)
  return url !== null && protocols.includes(url.protocol) ? { value: text } : { problem: `must be an address such as ${example}` }
}

export const parseZone = (text: string): Reading<string> => {
  try {
    return { value: new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { problem: `must be the name of a time zone such as Europe/London, not "${text}"` }
  }
}

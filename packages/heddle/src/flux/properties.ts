/**
 * Values by name from a properties file of Java, as far as people write them.
 * https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
 *
 * ```
 * file  = ( line '\n' )*
 * line  = blank | ( '#' | '!' ) comment | name [ '=' | ':' | ' ' ] value
 * ```
 *
 * A line that ends in a backslash goes on in the next; other backslashes are escapes: `\n`, `\t`, `\u0041`, or the character itself.
 */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const lines = text.replaceAll(/(?<!\\)((?:\\\\)*)\\\r?\n[ \t]*/g, '$1').split(/\r?\n/)
  for (const line of lines) {
    const [, name, value] = /^\s*((?:\\.|[^\\\s=:])+)\s*[=:]?\s*(.*)$/.exec(line) ?? []
    if (name === undefined || /^[#!]/.test(name)) continue
    values.set(unescape(name), unescape(value ?? ''))
  }
  return values
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

const unescape = (text: string): string =>
  text.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) =>
    escaped.length > 1
      ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
      : (escapes[escaped] ?? escaped),
  )

/** Which page an address names, by its part behind `#`. */

export type Place =
  | { readonly kind: 'runs' }
  | { readonly kind: 'run'; readonly id: string }
  | { readonly kind: 'compare'; readonly ids: readonly string[] };

export function placeOf(hash: string): Place {
  const [what, ...rest] = hash.replace(/^#?\/?/, '').split('/');
  const [name] = rest.map(decoded);
  if (what === 'runs' && name !== undefined) return { kind: 'run', id: name };
  if (what === 'compare') return { kind: 'compare', ids: (name ?? '').split(',').filter(Boolean) };
  return { kind: 'runs' };
}

/** People cut addresses short: half of an encoded letter stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

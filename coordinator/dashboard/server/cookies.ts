/** The value of a cookie as a browser sends it; empty where there is none, or none that can be read. */
export function cookieOf(header: string | undefined, name: string): string {
  const found = (header ?? '').split(/; */).find((part) => part.startsWith(`${name}=`));
  try {
    return decodeURIComponent(found?.slice(name.length + 1) ?? '');
  } catch {
    return '';
  }
}

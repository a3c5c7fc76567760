/** Node.js takes proxies from the environment since 22.21 and 24.5, where it is asked to. */

const variables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];

/** Null where no proxy is named, or this Node.js goes by it; else what to say. */
export function ignoredProxy(
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): string | null {
  const named = variables.find((name) => environment[name]);
  if (named === undefined || knowsProxies(version)) return null;
  return `${named} is not gone by: Node.js ${version} does not know proxies, 22.21 does`;
}

export function knowsProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

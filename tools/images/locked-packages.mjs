/**
 * The folders of the packages that `roots` need, roots included, as Node finds them: the nearest
 * node_modules upwards. Optional packages are left out where `isWanted` does not want them.
 *
 * @param packages of package-lock.json
 * @returns folders like `node_modules/ws`, sorted
 */
export function lockedPackages(packages, roots, isWanted) {
  const folders = new Set();
  const waiting = roots.map((name) => ({ name, from: '' }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const folder = find(packages, next.name, next.from);
    if (folder === null) {
      if (next.optional) continue;
      throw new Error(
        `Cannot find ${next.name}, which ${next.from || 'the project'} needs: package-lock.json does not have it`,
      );
    }
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      packages[folder];
    if (folders.has(folder) || (packages[folder].optional && !isWanted(folder))) continue;
    folders.add(folder);
    const add = (names, optional) => {
      for (const name of Object.keys(names ?? {})) {
        waiting.push({ name, from: folder, optional: optional(name) });
      }
    };
    add(dependencies, () => false);
    add(optionalDependencies, () => true);
    add(peerDependencies, (name) => peerDependenciesMeta?.[name]?.optional === true);
  }
  return [...folders].sort();
}

/** The folder that Node would take `name` from for a module in `from`; null for none. */
function find(packages, name, from) {
  const parts = from === '' ? [] : from.split(/(?<=^|\/)node_modules\//).slice(1);
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const within = parts
      .slice(0, depth)
      .map((part) => `node_modules/${part}`)
      .join('');
    const path = `${within === '' ? '' : `${within.replace(/\/$/, '')}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
  }
  return null;
}

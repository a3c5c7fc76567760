/**
 * The packages that `roots` need, roots included, as a lock file has them: names of folders like
 * `node_modules/ws`, sorted. Optional ones come where `isInstalled` says so.
 *
 * @param packages of package-lock.json.
 */
export function neededPackages(packages, roots, isInstalled) {
  const needed = new Set();
  const waiting = [...roots];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const folder = `node_modules/${name}`;
    const entry = packages[folder];
    if (entry === undefined)
      throw new Error(`Cannot bundle ${name}: package-lock.json has no ${folder}`);
    if (needed.has(folder) || (entry.optional && !isInstalled(folder))) continue;
    needed.add(folder);
    waiting.push(...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }));
  }
  return [...needed].sort();
}

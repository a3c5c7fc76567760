/** What a build goes by, decided from what is there; every decision says why. */

/**
 * @param wish `docker`, `buildah` or undefined
 * @param has `docker`: its engine answers; `buildah`: the program is there
 * @returns `{ builder, reason }`, or `{ builder: null, reason }` that says what to install
 */
export function decideBuilder(wish, has) {
  if (wish !== undefined) {
    return has[wish]
      ? { builder: wish, reason: 'asked for' }
      : { builder: null, reason: `${wish} does not answer on this machine` };
  }
  if (has.docker) return { builder: 'docker', reason: 'its engine answers' };
  if (has.buildah) return { builder: 'buildah', reason: 'there is no engine of Docker' };
  const how =
    'start Docker, or run: apt-get install -y --no-install-recommends buildah debootstrap';
  return { builder: null, reason: `neither Docker's engine nor buildah is here: ${how}` };
}

/**
 * Whether the parts of an image come from this checkout or are made inside the build.
 *
 * @param system `{ platform, codename, contexts }`: `codename` of /etc/os-release; `contexts`: whether
 *   the builder takes folders in the place of stages
 * @param torch what the checkout's addon is built for: `cpu`, `cuda` or `absent`
 */
export function decideSource(wish, image, system, torch) {
  const inside = (reason) => ({ source: 'inside', reason });
  if (wish === 'inside') return inside('asked for');
  const obstacle = obstacleTo(image, system, torch);
  if (obstacle === null) {
    return { source: 'checkout', reason: "this machine's addons run on the image's Debian" };
  }
  return wish === undefined ? inside(obstacle) : { source: null, reason: obstacle };
}

/** The Debian of the images; addons that were linked on another may want newer libraries. */
export const codename = 'bookworm';

function obstacleTo(image, system, torch) {
  if (!system.contexts) return 'Docker has no buildx here';
  if (system.platform !== 'linux')
    return `the checkout is on ${system.platform}, the image is Linux`;
  if (image === 'coordinator') return null;
  if (system.codename !== codename) {
    return `the addons were linked on ${system.codename ?? 'another system'}, the image is Debian ${codename}`;
  }
  const wanted = image === 'worker-cuda' ? 'cuda' : 'cpu';
  return torch === wanted ? null : `the image wants torch for ${wanted}, the checkout has ${torch}`;
}

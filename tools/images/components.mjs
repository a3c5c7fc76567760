/** Every image has the coordinator, which sends these to browsers. */
const pages = 'coordinator/dashboard/pages';
const pagesEntry = `dist/${pages}/main.js`;
const pagesRead = ['index.html', 'dashboard.css', 'icon.svg'].map((name) => `${pages}/${name}`);

/**
 * What each image is made of. Its files are what can be reached from `entries` by imports; what lies
 * under `leftOut` is not followed, and what a command wants of it is missing in that image. What lies
 * under `read` is opened by path.
 */
export const components = {
  coordinator: {
    entries: [
      'dist/cli/main.js',
      'dist/coordinator/main.js',
      'dist/k8s/controller/main.js',
      pagesEntry,
    ],
    // Engines and tfjs are the worker's, and most of its size.
    leftOut: ['dist/worker/', 'dist/bench/'],
    native: [],
    read: pagesRead,
  },
  worker: {
    entries: ['dist/cli/main.js', 'dist/coordinator/main.js', 'dist/worker/main.js', pagesEntry],
    // A worker talks to NATS and its peers, never to Kubernetes, and people type no commands there.
    leftOut: ['dist/k8s/', 'dist/cli/kubernetes/', 'dist/bench/'],
    native: ['build/native/lockstep_arithmetic.node', 'build/native/lockstep_torch.node'],
    read: pagesRead,
  },
};

/** Read by path, so that no import names them. */
export const alwaysThere = ['cli/lockstep.mjs', 'LICENSE'];

/**
 * Image -> its stage in k8s/images/Dockerfile is of that name; the component inside; and the most
 * that it may take on a node, unpacked.
 */
export const images = {
  coordinator: { component: 'coordinator', mostBytes: 250e6 },
  worker: { component: 'worker', mostBytes: 900e6 },
  // cuBLAS, cuFFT, NCCL and libtorch are most of it.
  'worker-cuda': { component: 'worker', mostBytes: 4e9 },
};

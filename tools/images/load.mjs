/** Where an archive can be loaded, and the command that does. */
export const loaders = {
  docker: (file) => ['docker', 'load', '--input', file],
  podman: (file) => ['podman', 'load', '--input', file],
  kind: (file) => ['kind', 'load', 'image-archive', file],
  minikube: (file) => ['minikube', 'image', 'load', file],
  containerd: (file) => ['ctr', '--namespace', 'k8s.io', 'images', 'import', file],
  k3s: (file) => ['k3s', 'ctr', 'images', 'import', file],
};

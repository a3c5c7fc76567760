/**
 * How long an idle thread of OpenMP burns its core before it sleeps. The default of the GNU runtime
 * is some milliseconds: where another process wants the core, two engine threads then wait for each
 * other and take several times as long as one. A short spin costs a quiet machine next to nothing.
 *
 * The runtime reads the process's environment once, when libtorch is loaded, so this is called just
 * before. The training thread shares that environment. What the user has set counts.
 */
export function boundSpinning(): void {
  if (process.env.OMP_WAIT_POLICY === undefined) process.env.GOMP_SPINCOUNT ??= '20000';
}

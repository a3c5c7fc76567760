/** How long ago something was, as kubectl says it: `45s`, `3m12s`, `5h`, `12d`. */
export function age(from: string | undefined, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(from ?? '')) / 1000));
  if (Number.isNaN(seconds)) return '-';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

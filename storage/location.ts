/**
 * Where something large lies, as users write it: a folder's path, or `s3://bucket/prefix` of a store that
 * speaks S3. One string says it all, so that it travels in messages and options as it is.
 */

export type Location =
  | { readonly kind: 'folder'; readonly path: string }
  /** `prefix` has no slash at either end; it is empty where the bucket as a whole is meant. */
  | { readonly kind: 'bucket'; readonly bucket: string; readonly prefix: string };

const scheme = 's3://';

/** AWS's rule for names of buckets, without its exceptions, which other stores do not share. */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Letters that need no escape in any store, nor in a shell. */
const prefixSegment = /^[A-Za-z0-9!_.=@+-]+$/;

/** AWS allows keys of 1,024 bytes; what is put behind the prefix takes less than a hundred. */
const prefixLength = 900;

/**
 * What is wrong with a location: the rule that it breaks, for a message that names the option and the
 * value. Null where nothing is.
 */
export function locationProblem(text: string): string | null {
  if (text === '') return 'must be a folder or s3://BUCKET/PREFIX';
  if (text.includes('\0')) return 'must hold no NUL character';
  if (!text.startsWith(scheme)) {
    const other = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
    return other === undefined ? null : `must be a folder or s3://BUCKET/PREFIX, not ${other}://`;
  }
  const [bucket = '', ...segments] = text.slice(scheme.length).replace(/\/$/, '').split('/');
  if (!bucketName.test(bucket)) {
    return "must name a bucket of 3 to 63 of a-z, 0-9, '.' and '-' behind s3://";
  }
  if (segments.some((segment) => !prefixSegment.test(segment) || /^\.+$/.test(segment))) {
    return "must have a prefix of names out of A-Z, a-z, 0-9 and !_.=@+-, parted by single '/'";
  }
  return segments.join('/').length <= prefixLength
    ? null
    : `must have a prefix of at most ${prefixLength} characters`;
}

/** Of a text that has no problem; whatever does not begin with `s3://` is a path. */
export function parseLocation(text: string): Location {
  if (!isBucket(text)) return { kind: 'folder', path: text };
  const [bucket = '', ...segments] = text.slice(scheme.length).replace(/\/$/, '').split('/');
  return { kind: 'bucket', bucket, prefix: segments.join('/') };
}

export const isBucket = (text: string): boolean => text.startsWith(scheme);

/** A name within a location: a file of a folder, or a key below a prefix. */
export const within = (location: string, name: string): string =>
  `${location.replace(/\/+$/, '')}/${name}`;

/** The location that holds this one, and its own name there. */
export function parentOf(location: string): { readonly parent: string; readonly name: string } {
  const [, parent = '', name = location] = /^(.*?)\/+([^/]*)\/*$/.exec(location) ?? [];
  return { parent, name };
}

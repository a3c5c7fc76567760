/** What is said of an image that was built. */
import { sizeOf } from './archive.mjs';

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * @param built `{ image, archive, how, seconds }`
 * @param archive of archive.mjs
 * @returns one line
 */
export function report({ image, archive: file, how, seconds }, archive, asJson) {
  const top = archive.layers.at(-1).size;
  const bytes = sizeOf(archive);
  if (asJson) {
    const [name] = archive.tags;
    const rounded = Math.round(seconds * 10) / 10;
    return JSON.stringify({
      image,
      name,
      archive: file,
      how,
      bytes,
      topLayerBytes: top,
      seconds: rounded,
    });
  }
  const size = `${megabytes(bytes)} unpacked, ${megabytes(top)} of it on top`;
  return `images: ${archive.tags[0]}: ${how} (${seconds.toFixed(1)} s), ${size}: ${file}`;
}

/** null where the image is small enough or has no limit; else what is to be said. */
export function tooLarge({ image }, archive, limit) {
  const bytes = sizeOf(archive);
  return limit === undefined || bytes <= limit
    ? null
    : `Cannot keep ${image}: it has ${megabytes(bytes)} unpacked: it may have ${megabytes(limit)} at most`;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes[start..end), or null where they are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | null {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return null;
  }
}

/** Whether bytes[start..end) are UTF-8; ASCII, which most ids are, is decided without decoding. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i]! >= 0x80) return decodeUtf8(bytes, start, end) !== null;
  }
  return true;
}

/** What to say of bytes that are no UTF-8: most such files come from Windows. */
export const noUtf8 =
  'is not UTF-8 text: where the file is in Windows-1252, write it as UTF-8 first: ' +
  'iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW';

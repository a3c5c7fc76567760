/** The checkout's root folder, with a trailing slash; compiled files live two levels below it. */
export const projectRoot = new URL('../../', import.meta.url);
